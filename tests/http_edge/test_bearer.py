"""A guest has no Authorization header; whoever has one must have a good one. An unknown key is looked for."""

import asyncio

import pytest
from starlette.requests import Request

from http_edge import bearer
from http_edge.bearer import TokenChecker, bearer_token
from http_edge.errors import ServiceUnavailable, Unauthorized
from http_edge.keys import KeyRing, generate_key_pair
from http_edge.tokens import Signer

PAIR = generate_key_pair()


def token() -> str:
    return Signer(PAIR, issuer="u", audience="shop", lifetime=60).token("alice")


def request(*authorizations: str) -> Request:
    headers = [(b"authorization", value.encode("latin-1")) for value in authorizations]
    return Request({"type": "http", "headers": headers})


def test_no_header_is_no_token() -> None:
    assert bearer_token(request()) is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_case_insensitive(scheme: str) -> None:
    assert bearer_token(request(f"{scheme} a.b.c")) == "a.b.c"


@pytest.mark.parametrize(
    "values",
    [
        [""],
        ["Bearer"],
        ["Bearer "],
        ["Basic YTpi"],
        ["a.b.c"],
        ["Bearer a b"],
        ["Bearer a,b"],
        ["Bearer é"],
        ["Bearer a"] * 2,
    ],
)
def test_any_other_header_is_an_invalid_token(values: list[str]) -> None:
    with pytest.raises(Unauthorized) as refused:
        bearer_token(request(*values))
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def test_a_request_that_brought_no_credentials_is_told_no_error() -> None:
    assert Unauthorized("Log in first.").headers == {"WWW-Authenticate": "Bearer"}


class Topic:
    """Stands for the published keys: what is in it is known after a catch-up, if it can be read."""

    def __init__(self, *, reachable: bool = True, published: bool = True) -> None:
        self.ring = KeyRing()
        self.reachable, self.published = reachable, published
        self.reads = 0
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def catch_up(self) -> bool:
        self.reads += 1
        self.began.set()
        at_the_end = self.published
        await self.go_on.wait()
        if at_the_end:
            self.ring.apply(PAIR.kid, PAIR.public_jwk())
        return self.reachable

    def checker(self) -> TokenChecker:
        return TokenChecker(self.ring, self.catch_up, issuer="u", audience="shop")


async def test_a_guest_and_a_user_are_told_apart() -> None:
    checker = Topic().checker()
    assert await checker.claims(request()) is None
    claims = await checker.claims(request(f"Bearer {token()}"))
    assert claims is not None
    assert claims.subject == "alice"


async def test_a_known_key_needs_no_reading() -> None:
    topic = Topic()
    topic.ring.apply(PAIR.kid, PAIR.public_jwk())
    await topic.checker().check(token())
    assert topic.reads == 0


async def test_a_key_that_was_never_published_is_an_invalid_token() -> None:
    with pytest.raises(Unauthorized):
        await Topic(published=False).checker().check(token())


async def test_a_defect_is_an_invalid_token_without_reading() -> None:
    topic = Topic()
    with pytest.raises(Unauthorized):
        await topic.checker().check("not.a.token")
    assert topic.reads == 0


async def test_keys_that_cannot_be_read_are_no_fault_of_the_token() -> None:
    with pytest.raises(ServiceUnavailable) as away:
        await Topic(reachable=False, published=False).checker().check(token())
    assert away.value.headers["Retry-After"] == "1"


async def test_reading_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "CATCH_UP_DEADLINE", 0.05)
    topic = Topic()
    topic.go_on.clear()
    with pytest.raises(ServiceUnavailable):
        await topic.checker().check(token())


async def test_many_unknown_keys_share_the_reading() -> None:
    topic = Topic(published=False)
    checker = topic.checker()
    tokens = [Signer(generate_key_pair(), "u", "shop", 60).token("eve") for _ in range(50)]
    topic.go_on.clear()
    checks = [asyncio.create_task(checker.check(one)) for one in tokens]
    await topic.began.wait()
    topic.go_on.set()
    results = await asyncio.gather(*checks, return_exceptions=True)
    assert {type(result) for result in results} == {Unauthorized}
    assert topic.reads <= 2


async def test_a_key_published_while_others_are_already_reading_is_still_found() -> None:
    topic = Topic(published=False)
    checker = topic.checker()
    topic.go_on.clear()
    early = asyncio.create_task(checker.check(Signer(generate_key_pair(), "u", "shop", 60).token("eve")))
    await topic.began.wait()
    topic.published = True
    late = asyncio.create_task(checker.check(token()))
    await asyncio.sleep(0)
    topic.go_on.set()
    assert (await late).subject == "alice"
    with pytest.raises(Unauthorized):
        await early
