"""Registering: who gets a name, and who gets which answer when it is asked for again."""

import asyncio
import uuid
from pathlib import Path

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from tests.flows.shops import OpenShop, open_shop
from tests.flows.topics import ids_of, lines_of, types_of, until_records


def somebody() -> str:
    return f"u-{uuid.uuid4().hex[:12]}"


async def events_of(shop: OpenShop, name: str, number: int = 1) -> list[str]:
    """The ids of what was published about a user, when there are at least so many."""

    async def about() -> list[object]:
        return [record for record in await shop.records("notifications") if record.key == name.encode()]

    return ids_of(await until_records(about, lambda found: len(found) >= number))


async def test_a_registration_is_one_event_and_answers_with_its_id(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    name = somebody()
    form = {"username": name.upper(), "password": "secret", "name": "Alice A.", "email": "alice@example.org"}
    answer = await http.post(f"{shared.users}/register", data=form, headers={"X-Request-ID": f"r-{name}"})
    assert answer.status_code == 201
    assert answer.json() == {
        "username": name,
        "message": f"User {name} registered successfully",
        "event_id": (await events_of(shared, name))[0],
    }
    (record,) = [r for r in await shared.records("notifications") if r.key == name.encode()]
    (data,) = lines_of([record])
    assert types_of([record]) == ["users.registered.v1"]
    assert (data["user"], data["name"], data["email"]) == (name, "Alice A.", "alice@example.org")
    assert dict(record.headers)["ce_correlationid"] == f"r-{name}".encode()


async def test_a_taken_name_is_409_in_whatever_spelling(shared: OpenShop, http: httpx.AsyncClient) -> None:
    name = somebody()
    await http.post(f"{shared.users}/register", data={"username": name, "password": "secret"})
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in name)
    for spelling in (name, name.upper(), wide):
        answer = await http.post(
            f"{shared.users}/register", data={"username": spelling, "password": "other1"}
        )
        assert answer.status_code == 409
        assert "log in" in answer.json()["detail"]
    assert len(await events_of(shared, name)) == 1


async def test_fifty_at_once_for_one_name_are_one_registration(
    tmp_path: Path, kafka: Kafka, mongo: Mongo
) -> None:
    """With the hash as expensive as it really is: whoever is too late must not wait for it."""
    with open_shop(tmp_path, kafka, mongo, "users_service", USERS_BCRYPT_COST="12") as shop:
        async with httpx.AsyncClient(timeout=60) as http:
            answers = await asyncio.gather(
                *(
                    http.post(f"{shop.users}/register", data={"username": "alice", "password": f"secret{n}"})
                    for n in range(50)
                )
            )
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49
        assert len(await events_of(shop, "alice")) == 1


async def test_the_same_key_again_is_the_same_answer_and_no_second_event(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    name, key = somebody(), {"Idempotency-Key": uuid.uuid4().hex}
    fields = {"username": name, "password": "secret"}
    first = await http.post(f"{shared.users}/register", data=fields, headers=key)
    as_form = await http.post(f"{shared.users}/register", data=fields, headers=key)
    as_json = await http.post(f"{shared.users}/register", json=fields | {"unknown": "ignored"}, headers=key)
    assert [answer.status_code for answer in (first, as_form, as_json)] == [201] * 3
    assert first.content == as_form.content == as_json.content
    assert await events_of(shared, name) == [first.json()["event_id"]]


async def test_the_same_key_ten_times_at_once_is_one_registration(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    name, key = somebody(), {"Idempotency-Key": uuid.uuid4().hex}
    fields = {"username": name, "password": "secret"}
    answers = await asyncio.gather(
        *(
            http.post(
                f"{shared.users}/register", headers=key, **({"json": fields} if n % 2 else {"data": fields})
            )
            for n in range(10)
        )
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert await events_of(shared, name) == [answers[0].json()["event_id"]]


@pytest.mark.parametrize(
    "change", [{"password": "secreT"}, {"name": "Bob"}, {"email": "b@example.org"}, {"username": "bob"}]
)
async def test_the_same_key_for_something_else_is_422(
    shared: OpenShop, http: httpx.AsyncClient, change: dict[str, str]
) -> None:
    name, key = somebody(), {"Idempotency-Key": uuid.uuid4().hex}
    fields = {"username": name, "password": "secret"}
    await http.post(f"{shared.users}/register", data=fields, headers=key)
    answer = await http.post(f"{shared.users}/register", data=fields | change, headers=key)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]
    assert len(await events_of(shared, name)) == 1


@pytest.mark.parametrize("first", [{}, {"Idempotency-Key": "the first one"}], ids=["no key", "a key"])
async def test_a_taken_name_with_another_key_tells_nothing_of_its_password(
    shared: OpenShop, http: httpx.AsyncClient, first: dict[str, str]
) -> None:
    """Else passwords could be guessed here, without the pauses of /login."""
    name, url = somebody(), f"{shared.users}/register"
    own = {header: f"{key} of {name}".replace(" ", "-") for header, key in first.items()}
    await http.post(url, data={"username": name, "password": "secret"}, headers=own)
    answers = [
        await http.post(
            url, data={"username": name, "password": password}, headers={**key, "X-Request-ID": "r"}
        )
        for password in ("secret", "wrong1")
        for key in ({}, {"Idempotency-Key": uuid.uuid4().hex})
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(409, answers[0].content)}


async def test_a_refused_request_does_not_bind_its_key(shared: OpenShop, http: httpx.AsyncClient) -> None:
    name, key = somebody(), {"Idempotency-Key": uuid.uuid4().hex}
    refused = await http.post(
        f"{shared.users}/register", data={"username": name, "password": "x"}, headers=key
    )
    taken = await http.post(
        f"{shared.users}/register", data={"username": name, "password": "secret"}, headers=key
    )
    assert (refused.status_code, taken.status_code) == (422, 201)
