"""Programs may; pages of this machine may; pages of elsewhere, and names of elsewhere, may not."""

import pytest
from websockets.datastructures import Headers

from logs_service.admission import Admission


def refused(
    admission: Admission, path: str = "/", clients: int = 0, **headers: str | list[str]
) -> int | None:
    given = Headers()
    for name, values in headers.items():
        for value in [values] if isinstance(values, str) else values:
            given[name] = value
    refusal = admission.refusal(path, given, clients)
    return None if refusal is None else int(refusal.status)


ANYBODY = Admission(10)


@pytest.mark.parametrize("path", ["/", "/?anything"])
def test_the_lines_are_at_the_root(path: str) -> None:
    assert refused(ANYBODY, path, Host="localhost:3000") is None


@pytest.mark.parametrize("path", ["/logs", "//", "", "/healthz", "*"])
def test_every_other_path_is_404(path: str) -> None:
    assert refused(ANYBODY, path, Host="localhost:3000") == 404


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:3000", "LOCALHOST.", "hub.localhost", "127.0.0.1:80", "[::1]:3000", "192.0.2.7"],
)
def test_own_names_and_addresses_are_known_hosts(host: str) -> None:
    assert refused(ANYBODY, Host=host) is None


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
    assert refused(ANYBODY, Host=host) == 421


def test_no_host_and_two_hosts_are_421() -> None:
    assert refused(ANYBODY) == 421
    assert refused(ANYBODY, Host=["localhost:3000", "localhost:3000"]) == 421


def test_a_setting_adds_hosts() -> None:
    assert refused(Admission(10, hosts=frozenset({"logs-service"})), Host="logs-service:3000") is None
    assert refused(Admission(10, hosts=frozenset({"*"})), Host="anything.example") is None


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
    assert refused(ANYBODY, Host=host, Origin=origin) is None


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
    assert refused(ANYBODY, Host="192.0.2.7:3000", Origin=origin) == 403
    assert refused(ANYBODY, Host="localhost:3000", Origin=origin) == 403


def test_a_second_origin_does_not_help() -> None:
    assert refused(ANYBODY, Host="localhost", Origin=["http://localhost", "https://evil.example"]) == 403


def test_a_setting_adds_origins() -> None:
    admission = Admission(10, origins=frozenset({"https://board.example"}))
    assert refused(admission, Host="localhost", Origin="https://board.example") is None
    assert refused(admission, Host="localhost", Origin="https://board.example.evil") == 403


def test_when_all_places_are_taken_it_is_503() -> None:
    assert refused(ANYBODY, clients=9, Host="localhost") is None
    assert refused(ANYBODY, clients=10, Host="localhost") == 503
