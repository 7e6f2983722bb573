"""Who pays: the user of a valid token, a guest without one, and nobody with anything else."""

import asyncio

import httpx2 as httpx
import pytest

from tests.flows.bad_tokens import DEFECTS, Key, claims, signed, signing_key
from tests.flows.shops import OpenShop


@pytest.fixture(scope="module")
def key(shared: OpenShop) -> Key:
    return signing_key(shared)


@pytest.mark.parametrize("what", DEFECTS)
async def test_a_token_with_any_defect_is_401(
    shared: OpenShop, http: httpx.AsyncClient, key: Key, what: str
) -> None:
    headers = {"Authorization": f"Bearer {DEFECTS[what](key)}"}
    answer = await http.post(f"{shared.payments}/pay", headers=headers)
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_that_makes_the_head_too_large_is_431(
    shared: OpenShop, http: httpx.AsyncClient, key: Key
) -> None:
    headers = {"Authorization": f"Bearer {signed(key, claims(x='y' * 60_000))}"}
    answer = await http.post(f"{shared.payments}/pay", headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (431, 431)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"


async def test_the_same_token_without_a_defect_pays(
    shared: OpenShop, http: httpx.AsyncClient, key: Key
) -> None:
    headers = {"Authorization": f"bearer {signed(key)}"}
    paid = await http.post(f"{shared.payments}/pay", headers=headers)
    seen = await http.get(f"{shared.payments}/payments/{paid.json()['payment_id']}")
    assert (paid.status_code, seen.json()["payer"]) == (201, "alice")


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Basic YWxpY2U6c2VjcmV0", "Bearer a b", "a.b.c", "Bearer a, Bearer b"]
)
async def test_a_header_that_is_not_one_bearer_token_is_401_and_not_a_guest(
    shared: OpenShop, http: httpx.AsyncClient, given: str
) -> None:
    headers = [(b"Authorization", given.strip().encode())]
    answer = await http.post(f"{shared.payments}/pay", headers=headers)
    assert (answer.status_code, "www-authenticate" in answer.headers) == (401, True)


async def test_two_headers_are_401(shared: OpenShop, http: httpx.AsyncClient, bearer: str) -> None:
    headers = [("Authorization", bearer), ("Authorization", bearer)]
    assert (await http.post(f"{shared.payments}/pay", headers=headers)).status_code == 401


async def test_where_guests_may_not_pay_a_token_is_needed(
    shared: OpenShop, http: httpx.AsyncClient, bearer: str
) -> None:
    closed = shared.spawn("payments_service", "for members only", PAYMENTS_ALLOW_GUESTS="false")
    await asyncio.to_thread(closed.wait_ready)
    as_guest = await http.post(f"{closed.url}/pay")
    as_user = await http.post(f"{closed.url}/pay", headers={"Authorization": bearer})
    assert (as_guest.status_code, as_user.status_code) == (401, 201)
    assert as_guest.headers["www-authenticate"] == "Bearer"
