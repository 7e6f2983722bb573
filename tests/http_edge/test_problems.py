"""Every error is application/problem+json with the request id, and none shows the inside."""

import json

import pytest
from starlette.testclient import TestClient

from http_edge import Problem, problem_response
from http_edge.errors import title_of


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/nowhere", 404, "Not Found"),
        ("GET", "/orders/", 404, "Not Found"),
        ("GET", "/orders/o1", 404, "There is no such order."),
        ("POST", "/orders/", 404, "Not Found"),
        ("GET", "/orders", 405, "Method Not Allowed"),
        ("POST", "/declined", 402, "Declined."),
        ("GET", "/teapot", 418, "I'm a Teapot"),
    ],
)
def test_errors_of_all_kinds_have_one_shape(
    client: TestClient, method: str, path: str, status: int, detail: str
) -> None:
    answer = client.request(method, path, headers={"X-Request-ID": "r-1"})
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (problem["title"], problem["detail"]) == (title_of(status), detail)
    assert problem["instance"] == answer.headers["X-Request-ID"] == "r-1"


def test_a_problem_can_have_a_type_and_members_of_its_own(client: TestClient) -> None:
    problem = client.post("/declined").json()
    assert (problem["type"], problem["payment_id"]) == ("/problems/declined", "p1")


def test_whoever_raises_a_503_it_says_when_to_try_again(client: TestClient) -> None:
    answer = client.get("/away")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_a_wrong_method_is_told_all_the_right_ones(client: TestClient) -> None:
    assert client.put("/orders/o1").headers["Allow"] == "DELETE, GET, HEAD"
    assert client.get("/orders").headers["Allow"] == "POST"


def test_an_unexpected_error_shows_nothing_and_is_logged_with_its_traceback(
    client: TestClient, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = client.get("/broken")
    assert answer.status_code == 500
    assert "inside" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.json()["instance"] == answer.headers["X-Request-ID"]
    logged = "".join(capfd.readouterr())
    assert "the inside of the service" in logged
    assert "Traceback" in logged


def test_what_was_given_stays_text_in_a_problem() -> None:
    """The name of a parameter that is not known is told; it may be any text."""
    name = "a\x7f\x85\u2028\u202e\u2067z"
    problem = Problem(422, errors=[{"field": name, "message": "Extra inputs are not permitted"}])
    body = bytes(problem_response(problem).body).decode()
    assert body.isprintable()
    assert json.loads(body)["errors"][0]["field"] == name
