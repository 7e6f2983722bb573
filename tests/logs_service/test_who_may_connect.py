"""Programs may; pages of this machine may; pages of elsewhere, and names of elsewhere, may not."""

import pytest

from http_edge import Problem
from logs_service.admission import Admission, take_out_tokens
from logs_service.seats import Seats

Values = str | list[str] | None


def refused(admission: Admission, host: Values = None, origin: Values = None) -> int | None:
    def listed(values: Values) -> list[str]:
        return values if isinstance(values, list) else [] if values is None else [values]

    try:
        admission.check_names(listed(host), listed(origin))
    except Problem as problem:
        return problem.status
    return None


ANYBODY = Admission(Seats(10))


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:3000", "LOCALHOST.", "hub.localhost", "127.0.0.1:80", "[::1]:3000", "192.0.2.7"],
)
def test_own_names_and_addresses_are_known_hosts(host: str) -> None:
    assert refused(ANYBODY, host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "",
        "[::1",
        "a,b",
        "logs-service",
        "localhost:1,evil.example",
        "evil@localhost",
    ],
)
def test_any_other_host_is_421(host: str) -> None:
    assert refused(ANYBODY, host) == 421


def test_no_host_and_two_hosts_are_421() -> None:
    assert refused(ANYBODY) == 421
    assert refused(ANYBODY, ["localhost:3000", "localhost:3000"]) == 421


def test_a_setting_adds_hosts() -> None:
    assert refused(Admission(Seats(10), hosts=frozenset({"logs-service"})), "logs-service:3000") is None
    assert refused(Admission(Seats(10), hosts=frozenset({"*"})), "anything.example") is None


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:3000", "http://localhost:3000"),
        ("localhost:3000", "http://127.0.0.1:5173"),
        ("[::1]:3000", "http://localhost:3000"),
        ("192.0.2.7:3000", "http://192.0.2.7:3000"),
        ("localhost:3000", "chrome-extension://abcdefgh"),
    ],
)
def test_pages_of_the_same_host_and_extensions_may(host: str, origin: str) -> None:
    assert refused(ANYBODY, host, origin) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://localhost.evil.example",
        "http://192.0.2.8",
        "http://[",
        "file://",
    ],
)
def test_pages_of_elsewhere_are_403(origin: str) -> None:
    assert refused(ANYBODY, "192.0.2.7:3000", origin) == 403
    assert refused(ANYBODY, "localhost:3000", origin) == 403


def test_a_second_origin_does_not_help() -> None:
    assert refused(ANYBODY, "localhost", ["http://localhost", "https://evil.example"]) == 403


def test_a_setting_adds_origins() -> None:
    admission = Admission(Seats(10), origins=frozenset({"https://board.example"}))
    assert refused(admission, "localhost", "https://board.example") is None
    assert refused(admission, "localhost", "https://board.example.evil") == 403


@pytest.mark.parametrize(
    ("query", "rest", "tokens"),
    [
        ("", "", []),
        ("last=5&meta=1", "last=5&meta=1", []),
        ("access_token=a.b.c", "", ["a.b.c"]),
        ("last=5&access_token=a%2Eb&meta=1", "last=5&meta=1", ["a.b"]),
        ("access_token=a&access_token=b", "", ["a", "b"]),
        ("access_token=", "", [""]),
        ("my_access_token=a", "my_access_token=a", []),
    ],
)
def test_a_token_is_taken_out_of_the_query(query: str, rest: str, tokens: list[str]) -> None:
    assert take_out_tokens(query) == (rest, tokens)
