"""Pages of the origins that are named may read what a service answers; a browser keeps it from all others."""

import pytest
from starlette.testclient import TestClient

PAGE, STRANGER = "http://localhost:3000", "https://evil.example"
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


def allowed(headers: object) -> str | None:
    return dict(headers).get("access-control-allow-origin")  # type: ignore[call-overload]


def test_a_page_of_the_shop_may_ask_with_a_token(client: TestClient) -> None:
    answer = client.options("/orders", headers={"Origin": PAGE, **ASKS})
    assert (answer.status_code, allowed(answer.headers)) == (200, PAGE)
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_a_page_of_somebody_else_may_not(client: TestClient) -> None:
    answer = client.options("/orders", headers={"Origin": STRANGER, **ASKS})
    assert (answer.status_code, allowed(answer.headers)) == (400, None)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "Disallowed CORS origin."
    assert allowed(client.get("/healthz", headers={"Origin": STRANGER}).headers) is None


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/nowhere", 404)])
def test_answers_and_refusals_can_be_read(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path, headers={"Origin": PAGE})
    assert (answer.status_code, allowed(answer.headers)) == (status, PAGE)
    assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]


def test_programs_see_nothing_of_it(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert allowed(answer.headers) is None
    assert answer.headers["Vary"] == "Origin", "or a cache would give it to a page"
