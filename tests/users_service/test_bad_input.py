"""What must not get in, at /register and at /login: a status for each, and nothing is stored or published."""

import asyncio
import json
from collections.abc import Iterator

import httpx2 as httpx
import pytest

from tests.flows.bad_bodies import BAD_BODIES, BadBody
from tests.flows.shops import OpenShop

FIELDS = {"username": "mallory", "password": "secret"}


def without(field: str) -> dict[str, str]:
    return {name: value for name, value in FIELDS.items() if name != field}


@pytest.fixture(autouse=True, scope="module")
def nothing_was_published(shared: OpenShop) -> Iterator[None]:
    before = asyncio.run(shared.records("notifications"))
    yield
    assert len(asyncio.run(shared.records("notifications"))) == len(before)


@pytest.mark.parametrize("path", ["/register", "/login"])
@pytest.mark.parametrize("bad", BAD_BODIES, ids=lambda bad: bad.what)
async def test_a_body_that_is_not_what_it_claims_to_be(
    shared: OpenShop, http: httpx.AsyncClient, path: str, bad: BadBody
) -> None:
    answer = await http.post(f"{shared.users}{path}", content=bad.body(FIELDS), headers=bad.headers)
    assert answer.status_code == bad.status
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("accept-post" in answer.headers) == (bad.status == 415)


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("no name", without("username")),
        ("no password", without("password")),
        ("short name", FIELDS | {"username": "al"}),
        ("long name", FIELDS | {"username": "x" * 33}),
        ("space in the name", FIELDS | {"username": "al ice"}),
        ("Cyrillic letter", FIELDS | {"username": "\u0430lice"}),
        ("line feed after the name", FIELDS | {"username": "alice\n"}),
        ("NUL in the name", FIELDS | {"username": "al\x00ice"}),
        ("short password", FIELDS | {"password": "12345"}),
        ("empty password", FIELDS | {"password": ""}),
        ("73 bytes of password", FIELDS | {"password": "x" * 73}),
        ("37 letters of 2 bytes", FIELDS | {"password": "\u00e9" * 37}),
        ("not an address", FIELDS | {"email": "mallory"}),
        ("two lines of name", FIELDS | {"name": "a\r\nb"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_registration_against_the_rules_is_422(
    shared: OpenShop, http: httpx.AsyncClient, what: str, fields: dict[str, str]
) -> None:
    as_form = await http.post(f"{shared.users}/register", data=fields)
    as_json = await http.post(f"{shared.users}/register", json=fields)
    assert (as_form.status_code, as_json.status_code) == (422, 422)
    assert as_form.json()["errors"] == as_json.json()["errors"]
    assert all(
        error["field"] in {"username", "password", "email", "name"} for error in as_form.json()["errors"]
    )


@pytest.mark.parametrize("value", [None, True, ["mallory"], {"a": "b"}], ids=json.dumps)
@pytest.mark.parametrize("field", ["username", "password"])
@pytest.mark.parametrize("path", ["/register", "/login"])
async def test_json_that_is_no_text_is_422(
    shared: OpenShop, http: httpx.AsyncClient, path: str, field: str, value: object
) -> None:
    answer = await http.post(f"{shared.users}{path}", json=FIELDS | {field: value})
    assert answer.status_code == 422


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\u00e9", "tab\there"])
async def test_a_key_that_is_no_key_is_400(shared: OpenShop, http: httpx.AsyncClient, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    answer = await http.post(f"{shared.users}/register", data=FIELDS, headers=headers)
    assert answer.status_code == 400


async def test_two_keys_are_400(shared: OpenShop, http: httpx.AsyncClient) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert (await http.post(f"{shared.users}/register", data=FIELDS, headers=headers)).status_code == 400


async def test_nobody_was_stored_by_all_this(shared: OpenShop, http: httpx.AsyncClient) -> None:
    assert (await http.post(f"{shared.users}/login", data=FIELDS)).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/register", 405), ("POST", "/register/", 404)]
)
async def test_another_method_or_path_is_a_problem_too(
    shared: OpenShop, http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await http.request(method, f"{shared.users}{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
