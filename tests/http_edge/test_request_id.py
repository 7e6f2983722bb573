"""A harmless X-Request-ID and a valid traceparent go through; anything else is replaced by one of our own."""

import re

import pytest
from starlette.testclient import TestClient

from http_edge import correlation_id

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("given", ["r1", "a" * 64, "A.b_c-9"])
def test_a_harmless_id_is_taken_and_is_the_correlation_id(client: TestClient, given: str) -> None:
    answer = client.post("/orders", headers={"X-Request-ID": given})
    assert answer.headers.get_list("X-Request-ID") == [given]
    assert answer.json()["correlation_id"] == given


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "a\tb", "a/b", "é", "<x>", "a\\n"])
def test_any_other_id_is_replaced(client: TestClient, given: str) -> None:
    answer = client.post("/orders", headers={"X-Request-ID": given.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])
    assert answer.json()["correlation_id"] == answer.headers["X-Request-ID"]


def test_each_request_without_an_id_gets_one_of_its_own(client: TestClient) -> None:
    assert client.get("/").headers["X-Request-ID"] != client.get("/").headers["X-Request-ID"]


def test_there_is_no_correlation_id_outside_of_a_request() -> None:
    with pytest.raises(LookupError):
        correlation_id()


def test_a_valid_traceparent_is_taken(client: TestClient) -> None:
    assert client.post("/orders", headers={"traceparent": TRACE}).json()["traceparent"] == TRACE


@pytest.mark.parametrize(
    "given",
    [
        "",
        TRACE.upper(),
        TRACE + "-x",
        "ff" + TRACE[2:],
        f"00-{'0' * 32}-{'1' * 16}-01",
        f"00-{'1' * 32}-{'0' * 16}-01",
    ],
)
def test_any_other_traceparent_is_replaced_by_a_new_trace(client: TestClient, given: str) -> None:
    made = client.post("/orders", headers={"traceparent": given}).json()["traceparent"]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", made)
    assert made != given


def test_two_traceparents_are_none(client: TestClient) -> None:
    doubled = [("traceparent", TRACE), ("traceparent", TRACE)]
    assert client.post("/orders", headers=doubled).json()["traceparent"] != TRACE
