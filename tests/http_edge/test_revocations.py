"""Whose tokens are refused: one entry a user, the newest counts, and it is forgotten when it refuses nothing more."""

import time

import pytest

from http_edge import revocations
from http_edge.bearer import TokenChecker
from http_edge.errors import ServiceUnavailable, Unauthorized
from http_edge.keys import KeyRing, generate_key_pair
from http_edge.revocations import Revocations
from http_edge.tokens import Claims, Signer

PAIR = generate_key_pair()
SIGNER = Signer(PAIR, issuer="u", audience="shop", lifetime=60)
SOON = int(time.time()) + 3600


def claims(user: str = "alice", generation: int = 0) -> Claims:
    return Claims(user, "id", 0, SOON, "kid", generation)


def test_earlier_generations_of_this_user_are_refused_and_nothing_else() -> None:
    revoked = Revocations()
    assert revoked.apply("alice", 2, SOON)
    refused = [revoked.refuse(claims(generation=number)) for number in range(4)]
    assert refused == [True, True, False, False]
    assert not revoked.refuse(claims("bob"))


def test_what_is_older_or_said_again_takes_nothing_back() -> None:
    revoked = Revocations()
    assert [revoked.apply("alice", number, SOON) for number in (2, 2, 1, 3)] == [True, False, False, True]
    assert revoked.refuse(claims(generation=2))
    assert len(revoked) == 1


def test_what_is_over_is_not_taken_in() -> None:
    revoked = Revocations()
    assert not revoked.apply("alice", 1, int(time.time()) - 1)
    assert not revoked.refuse(claims())


def test_what_refuses_nothing_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    revoked = Revocations()
    for number in range(1000):
        revoked.apply(f"u{number}", 1, SOON)
    assert len(revoked) == 1000
    later = SOON + revocations.SWEEP_SECONDS + 1
    monkeypatch.setattr(revocations.time, "time", lambda: later)
    revoked.apply("alice", 1, int(later) + 10)
    assert len(revoked) == 1


class Topics:
    """Stands for both topics, of which one is read to its end or not."""

    def __init__(self, readable: bool = True) -> None:
        self.ring, self.revocations = KeyRing(), Revocations()
        self.ring.apply(PAIR.kid, PAIR.public_jwk())
        self.readable, self.reads = readable, 0

    async def catch_up(self) -> bool:
        self.reads += 1
        if self.readable:
            self.revocations.apply("alice", 1, SOON)
        return self.readable

    def checker(self) -> TokenChecker:
        return TokenChecker(
            self.ring, self.catch_up, issuer="u", audience="shop", revocations=self.revocations
        )


async def test_a_process_that_kept_nothing_reads_all_revocations_before_its_first_token() -> None:
    topics = Topics()
    checker = topics.checker()
    with pytest.raises(Unauthorized, match="logged out"):
        await checker.check(SIGNER.token("alice"))
    assert (await checker.check(SIGNER.token("alice", generation=1))).generation == 1
    assert (await checker.check(SIGNER.token("bob"))).subject == "bob"
    assert topics.reads == 1


async def test_while_they_cannot_be_read_nobody_is_let_in_and_nobody_refused() -> None:
    topics = Topics(readable=False)
    with pytest.raises(ServiceUnavailable):
        await topics.checker().check(SIGNER.token("bob"))


async def test_who_has_kept_them_needs_no_reading() -> None:
    topics = Topics(readable=False)
    topics.revocations.apply("alice", 1, SOON)
    topics.revocations.complete()
    checker = topics.checker()
    assert (await checker.check(SIGNER.token("bob"))).subject == "bob"
    with pytest.raises(Unauthorized):
        await checker.check(SIGNER.token("alice"))
    assert topics.reads == 0
