"""Keys and revocations are followed from the beginning of their topics, kept, and there again without Kafka."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from contracts import Envelope, Event, KeyPublished, KeyRetired, TokensRevoked
from event_bus import Broker, Database, IdentityFollower, IdentityTable
from event_bus.repository import identity_table
from event_bus.wire import encode
from tests.event_bus.cluster import Cluster, until

SOON = int(time.time()) + 3600
X = "A" * 43


class Known:
    """What a service would know."""

    def __init__(self) -> None:
        self.keys: dict[str, Mapping[str, str] | None] = {}
        self.revoked: dict[str, tuple[int, int]] = {}
        self.is_complete = False

    def apply_key(self, kid: str, jwk: Mapping[str, str] | None) -> None:
        self.keys[kid] = jwk

    def apply(self, user: str, generation: int, until: int) -> bool:
        if self.revoked.get(user, (0, 0))[0] >= generation:
            return False
        self.revoked[user] = generation, until
        return True

    def complete(self) -> None:
        self.is_complete = True


def stop(code: int, reason: str) -> None:
    raise AssertionError(f"{code}: {reason}")


@asynccontextmanager
async def following(
    broker: Broker, known: Known, database: Database | None = None
) -> AsyncIterator[IdentityFollower]:
    table = None if database is None else IdentityTable(database)
    async with IdentityFollower(broker, known.apply_key, stop, revocations=known, table=table) as follower:
        yield follower


async def publish(cluster: Cluster, *events: Event) -> None:
    await cluster.publish([encode(Envelope.born(event, "users_service", "test")) for event in events])


@pytest.fixture
async def topics(cluster: Cluster) -> Cluster:
    for name in ("identity_keys", "identities"):
        await cluster.create(name)
    return cluster


def revoked(user: str, generation: int, until: int = SOON) -> TokensRevoked:
    return TokensRevoked(user=user, generation=generation, until=until)


async def test_what_was_published_is_known_when_the_ends_were_read(topics: Cluster, broker: Broker) -> None:
    await publish(topics, KeyPublished(kid="a", x=X), KeyPublished(kid="b", x=X), revoked("alice", 2))
    known = Known()
    async with following(broker, known) as follower:
        await until(follower.caught_up)
        assert known.keys.keys() == {"a", "b"}
        assert known.revoked == {"alice": (2, SOON)}
        await publish(topics, KeyRetired(kid="a"), revoked("alice", 3))
        assert await follower.caught_up()
        assert known.keys["a"] is None
        assert known.revoked == {"alice": (3, SOON)}
        await topics.write("identity_keys", [(b"b", None, [])])
        assert await follower.caught_up()
        assert known.keys["b"] is None


async def test_what_is_no_event_and_what_is_withdrawn_elsewhere_changes_nothing(
    topics: Cluster, broker: Broker
) -> None:
    await topics.write("identities", [(b"alice", None, []), (b"alice", b"{", []), (None, b"", [])])
    await publish(topics, revoked("bob", 1))
    known = Known()
    async with following(broker, known) as follower:
        await until(follower.caught_up)
    assert (known.keys, known.revoked) == ({}, {"bob": (1, SOON)})


async def test_what_was_kept_is_there_again_without_kafka(
    topics: Cluster, broker: Broker, database: Database
) -> None:
    await publish(topics, KeyPublished(kid="a", x=X), KeyPublished(kid="b", x=X), KeyRetired(kid="b"))
    await publish(topics, revoked("alice", 2), revoked("bob", 1))
    async with following(broker, Known(), database) as follower:
        await until(follower.caught_up)
    again = Known()
    async with following(Broker("127.0.0.1:1"), again, database) as follower:
        await until(lambda: again.is_complete)
        assert not await follower.caught_up()
    assert again.keys.keys() == {"a"}
    assert again.revoked == {"alice": (2, SOON), "bob": (1, SOON)}


async def test_nothing_is_complete_before_what_was_kept_is_there(broker: Broker) -> None:
    known = Known()
    unreachable = Database("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", "nowhere")
    async with unreachable, following(broker, known, unreachable) as follower:
        assert not await follower.caught_up()
        assert not known.is_complete


async def test_a_replica_that_is_behind_takes_nothing_back(database: Database) -> None:
    table = IdentityTable(database)
    for generation in (3, 2, 1):
        await table.save_revocation("alice", generation, SOON - generation)
    assert await table.revocations() == {"alice": (3, SOON - 1)}


async def test_what_refuses_nothing_more_is_deleted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = IdentityTable(database)
    for number in range(20):
        await table.save_revocation(f"u{number}", 1, SOON)
    assert len(await table.revocations()) == 20
    monkeypatch.setattr(identity_table.time, "time", lambda: SOON + 3600.0)
    await table.save_revocation("alice", 1, SOON + 7200)
    assert await database.collection("revocations").count_documents({}) == 1
