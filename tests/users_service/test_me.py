"""Who the user of a token is, and how he puts an end to all of his tokens."""

import asyncio
import uuid

import httpx2 as httpx
import jwt
import pytest
from pymongo import MongoClient

from tests.flows.bad_tokens import DEFECTS, Key, claims, signed, signing_key
from tests.flows.shops import OpenShop
from tests.flows.topics import lines_of, types_of, until_records


class Alice:
    """A user with a name of her own."""

    def __init__(self, shop: OpenShop, http: httpx.AsyncClient) -> None:
        self.name, self.url, self.http = f"alice-{uuid.uuid4().hex[:8]}", shop.users, http

    async def register(self) -> None:
        form = {"username": self.name, "password": "secret", "name": "Alice A.", "email": "a@example.org"}
        assert (await self.http.post(f"{self.url}/register", data=form)).status_code == 201

    async def log_in(self) -> str:
        form = {"username": self.name, "password": "secret"}
        answer = await self.http.post(f"{self.url}/login", data=form)
        assert answer.status_code == 200
        return str(answer.json()["access_token"])

    async def me(self, token: str) -> httpx.Response:
        return await self.http.get(f"{self.url}/me", headers={"Authorization": f"Bearer {token}"})

    async def log_out(self, token: str) -> httpx.Response:
        return await self.http.post(f"{self.url}/logout", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def alice(shared: OpenShop, http: httpx.AsyncClient) -> Alice:
    alice = Alice(shared, http)
    await alice.register()
    return alice


@pytest.fixture(scope="module")
def key(shared: OpenShop) -> Key:
    return signing_key(shared)


async def test_a_user_sees_what_he_told_and_since_when_he_is_known(alice: Alice) -> None:
    answer = await alice.me(await alice.log_in())
    shown = answer.json()
    assert answer.status_code == 200
    assert shown.keys() == {"username", "name", "email", "registered_at", "last_login_at"}
    assert (shown["username"], shown["name"], shown["email"]) == (alice.name, "Alice A.", "a@example.org")
    assert shown["registered_at"] < shown["last_login_at"]
    assert "$2b$" not in answer.text


async def test_each_login_is_noted(alice: Alice) -> None:
    first, second = await alice.log_in(), await alice.log_in()
    one = (await alice.me(first)).json()["last_login_at"]
    await alice.log_in()
    assert (await alice.me(second)).json()["last_login_at"] > one


@pytest.mark.parametrize("what", DEFECTS)
async def test_a_token_with_any_defect_is_401(
    shared: OpenShop, http: httpx.AsyncClient, key: Key, what: str
) -> None:
    headers = {"Authorization": f"Bearer {DEFECTS[what](key)}"}
    for answer in (
        await http.get(f"{shared.users}/me", headers=headers),
        await http.post(f"{shared.users}/logout", headers=headers),
    ):
        assert answer.status_code == 401, answer.text
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert answer.headers["content-type"] == "application/problem+json"


async def test_without_a_token_it_is_401(shared: OpenShop, http: httpx.AsyncClient) -> None:
    for answer in (await http.get(f"{shared.users}/me"), await http.post(f"{shared.users}/logout")):
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_token_of_somebody_who_is_gone_is_401(alice: Alice, key: Key) -> None:
    assert (await alice.me(signed(key, claims(sub="nobody-was-here")))).status_code == 401


async def test_all_tokens_of_a_user_end_at_once_and_the_next_one_counts_at_once(alice: Alice) -> None:
    tokens = [await alice.log_in(), await alice.log_in()]
    out = await alice.log_out(tokens[0])
    assert (out.status_code, out.content) == (204, b"")
    again = await alice.log_in()  # within the same second: the clock does not tell them apart
    assert [(await alice.me(token)).status_code for token in (*tokens, again)] == [401, 401, 200]
    assert (await alice.log_out(tokens[1])).status_code == 401
    assert (await alice.me(again)).status_code == 200


async def test_a_logout_is_news_for_people_and_a_revocation_for_who_checks_tokens(
    shared: OpenShop, alice: Alice
) -> None:
    token = await alice.log_in()
    await alice.log_out(token)

    async def about(topic: str) -> list[object]:
        return [record for record in await shared.records(topic) if record.key == alice.name.encode()]

    told = await until_records(lambda: about("notifications"), lambda found: len(found) >= 3)
    assert types_of(told) == ["users.registered.v1", "users.logged_in.v1", "users.logged_out.v1"]
    (revoked,) = lines_of(await until_records(lambda: about("identities"), bool))
    lifetime = jwt.decode(token, options={"verify_signature": False})
    assert revoked.keys() == {"user", "generation", "until"}
    assert (revoked["user"], revoked["generation"]) == (alice.name, 1)
    assert (
        lifetime["exp"] + 30 < revoked["until"] < lifetime["exp"] + 120
    )  # a minute to spare, for the clocks


async def test_two_logouts_at_once_are_one_generation(shared: OpenShop, alice: Alice) -> None:
    token = await alice.log_in()
    answers = await asyncio.gather(*(alice.log_out(token) for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {204, 401}
    assert 204 in {answer.status_code for answer in answers}
    with MongoClient(shared.mongo.uri) as client:
        user = client[shared.environment["USERS_DATABASE"]].users.find_one({"_id": alice.name})
    assert user is not None
    assert user["generation"] == 1
    assert (await alice.me(await alice.log_in())).status_code == 200
