"""What is described is what is served."""

from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.testclient import TestClient

from http_edge import EdgeSettings, Operation, edge


@pytest.fixture
def spec(client: TestClient) -> dict[str, Any]:
    described: dict[str, Any] = client.get("/openapi.json").json()
    return described


def test_every_operation_is_described_with_its_answers(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1")
    order = spec["paths"]["/orders"]["post"]
    assert set(order["responses"]) == {"201", "400", "413", "415", "422", "503", "default"}
    assert set(spec["paths"]) >= {"/", "/healthz", "/readyz", "/orders/{order_id}", "/key"}
    assert set(spec["paths"]["/orders/{order_id}"]) == {"get", "delete"}


def test_a_body_is_described_as_form_and_json_and_required_only_if_a_field_is(spec: dict[str, Any]) -> None:
    order = spec["paths"]["/orders"]["post"]["requestBody"]
    assert set(order["content"]) == {"application/x-www-form-urlencoded", "application/json"}
    assert order["required"] is False
    assert spec["paths"]["/login"]["post"]["requestBody"]["required"] is True


def test_headers_and_path_parameters_are_described(spec: dict[str, Any]) -> None:
    order, one = spec["paths"]["/orders"]["post"], spec["paths"]["/orders/{order_id}"]["get"]
    assert {p["name"] for p in order["parameters"]} == {"Idempotency-Key", "X-Request-ID"}
    assert {(p["name"], p["in"]) for p in one["parameters"]} == {
        ("order_id", "path"),
        ("X-Request-ID", "header"),
    }
    assert set(order["responses"]["503"]["headers"]) == {"X-Request-ID", "Retry-After"}
    assert spec["paths"]["/login"]["post"]["security"] == [{}, {"bearer": []}]


def test_an_answer_that_is_no_json_is_described_by_its_media_type(
    client: TestClient, spec: dict[str, Any]
) -> None:
    assert spec["paths"]["/report"]["get"]["responses"]["200"]["content"] == {
        "text/csv": {"schema": {"type": "string"}}
    }
    assert client.get("/report").headers["Content-Type"].startswith("text/csv")


def test_middleware_of_an_operation_is_around_that_one_alone(client: TestClient) -> None:
    assert client.get("/report").headers["X-Stamp"] == "here"
    assert "X-Stamp" not in client.get("/healthz").headers


class Shipped(BaseModel):
    type: ClassVar[str] = "orders.shipped.v1"
    topic: ClassVar[SimpleNamespace] = SimpleNamespace(name="orders")


def test_the_events_that_a_call_may_cause_are_named_with_their_topics() -> None:
    described = Operation("POST", "/ship", ship, "Ship", "Once.", publishes=[Shipped])
    app = edge("shipping", "", EdgeSettings(port=0), operations=[described])
    with TestClient(app) as client:
        paths = client.get("/openapi.json").json()["paths"]
        page = client.get("/docs").text
    told = "Once. May publish `orders.shipped.v1` on `orders`: see `/asyncapi` of logs_service."
    assert paths["/ship"]["post"]["description"] == told
    assert "<code>orders.shipped.v1</code>" in page
    assert "description" not in paths["/healthz"]["get"]


async def ship(request: Request) -> None:
    """Nothing is shipped here."""


def references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references(inner) for inner in value.values()))
    return set().union(*(references(inner) for inner in value)) if isinstance(value, list) else set()


def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    schemas = {f"#/components/schemas/{name}" for name in spec["components"]["schemas"]}
    assert references(spec)
    assert references(spec) <= schemas


class Outside(HTMLParser):
    """Collects what a page would load from elsewhere, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe"):
            self.loads.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_for_people_shows_every_operation_and_loads_nothing(
    client: TestClient, spec: dict[str, Any]
) -> None:
    answer = client.get("/docs")
    page = Outside()
    page.feed(answer.text)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert page.loads == []
    assert all(path in page.text for path in spec["paths"])
    assert "in euro" in page.text
