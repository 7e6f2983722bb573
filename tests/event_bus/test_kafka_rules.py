"""What the code relies on in the client library and the broker: a new version of either can't change it unseen."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable

import pytest

from event_bus import Broker, crash_points
from event_bus.crash_points import CrashPoint
from event_bus.errors import Fenced, TooLarge, Unavailable
from event_bus.kafka import REQUEST_LIMIT, Admin, Consumer, Producer, ProducerPair, opened
from event_bus.records import Committed, Outgoing, Partition, Record
from tests.event_bus.cluster import Cluster, until


def records(count: int, keys: int = 1) -> list[Outgoing]:
    """Of each key in order."""
    return [Outgoing("logs", f"key-{n % keys}".encode(), str(n).encode()) for n in range(count)]


def mark(broker: Broker, offset: int, metadata: str = "") -> dict[Partition, Committed]:
    return {Partition(broker.named("logs"), 0): Committed(offset, metadata)}


async def committed(broker: Broker) -> Committed | None:
    """The first look-up of a new group's coordinator can fail."""
    answers: list[Committed | None] = []

    async def answered() -> bool:
        with contextlib.suppress(Unavailable):
            answers.append(await admin.committed("group", Partition(broker.named("logs"), 0)))
        return bool(answers)

    async with Admin(broker) as admin:
        await until(answered)
    return answers[0]


async def test_one_refused_record_refuses_the_whole_transaction(cluster: Cluster, broker: Broker) -> None:
    """A commit would succeed without it if its future were not awaited."""
    await cluster.create("logs", 1, **{"max.message.bytes": "10000"})
    too_large = Outgoing("logs", b"key", b"x" * 50_000)
    with pytest.raises(TooLarge):
        async with ProducerPair(broker, "mine") as pair:
            await pair.transact([*records(1), too_large, *records(1)], "group", mark(broker, 3))
    async with ProducerPair(broker, "mine"):  # settles what was left open
        assert await cluster.read("logs") == []
        assert await committed(broker) is None


async def test_what_was_taken_is_told_before_anybody_can_read_it(cluster: Cluster, broker: Broker) -> None:
    """Whoever fails there has committed nothing, though the broker has the records."""
    await cluster.create("logs", 1)

    def fail() -> None:
        raise ZeroDivisionError

    async with ProducerPair(broker, "mine") as pair:
        with pytest.raises(ZeroDivisionError):
            await pair.transact(records(3), "group", mark(broker, 3), fail)
    async with ProducerPair(broker, "mine"):
        assert await cluster.read("logs") == []
        assert await committed(broker) is None


async def test_after_an_error_new_producers_go_on(cluster: Cluster, broker: Broker) -> None:
    await cluster.create("logs", 1, **{"max.message.bytes": "10000"})
    for _ in range(3):
        with pytest.raises(TooLarge):
            async with ProducerPair(broker, "mine") as pair:
                await pair.transact([Outgoing("logs", b"key", b"x" * 50_000)], "group", mark(broker, 1))
        async with ProducerPair(broker, "mine") as pair:
            await pair.transact(records(2), "group", mark(broker, 2))
    assert len(await cluster.read("logs")) == 6


async def test_the_second_pair_fences_the_first(cluster: Cluster, broker: Broker) -> None:
    await cluster.create("logs")
    async with ProducerPair(broker, "mine") as old:
        await old.transact(records(1), "group", mark(broker, 1))
        async with ProducerPair(broker, "mine") as new:
            for _ in range(2):  # both of the pair
                with pytest.raises(Fenced):
                    await old.transact(records(1), "group", mark(broker, 9))
            await new.transact(records(1), "group", mark(broker, 2))
    assert len(await cluster.read("logs")) == 2
    assert await committed(broker) == Committed(2)


async def test_an_open_transaction_is_settled_by_the_next_start(
    cluster: Cluster, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut off before its commit; what it wrote is never seen, and its offset is not committed."""
    await cluster.create("logs")
    old = ProducerPair(broker, "mine")
    await old.__aenter__()
    client = old._producers[0]._client

    async def cut_off() -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(client, "commit_transaction", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await old.transact(records(5), "group", mark(broker, 5, "old"))
    async with ProducerPair(broker, "mine") as new:
        assert await committed(broker) is None
        await new.transact(records(1), "group", mark(broker, 1, "new"))
    await old.discard()
    assert [record.value for record in await cluster.read("logs")] == [b"0"]
    assert await committed(broker) == Committed(1, "new")


async def test_the_pair_keeps_order_over_many_transactions(cluster: Cluster, broker: Broker) -> None:
    await cluster.create("logs")
    async with ProducerPair(broker, "mine") as pair:
        for number in range(40):
            await pair.transact(
                [Outgoing("logs", b"key", str(number).encode())], "group", mark(broker, number)
            )
            assert await committed(broker) in (Committed(number), Committed(number - 1), None)
    assert [int(record.value) for record in await cluster.read("logs")] == list(range(40))
    assert await committed(broker) == Committed(39)


async def test_the_records_of_a_key_keep_their_order_over_several_batches(
    cluster: Cluster, broker: Broker
) -> None:
    """Two on each partition in each transaction."""
    await cluster.create("logs", 3)
    async with ProducerPair(broker, "mine") as pair:
        for first in range(0, 6_000, 2_000):
            part = [
                Outgoing("logs", f"key-{n % 50}".encode(), f"{n:06}".encode() + b"x" * 2_000)
                for n in range(first, first + 2_000)
            ]
            await pair.transact(part, "group", mark(broker, first))
    found = await cluster.read("logs")
    assert len(found) == 6_000
    for _, of_key in itertools.groupby(
        sorted(found, key=lambda record: record.key), lambda record: record.key
    ):
        values = [record.value for record in of_key]
        assert values == sorted(values)


async def test_a_key_goes_where_any_client_puts_it(cluster: Cluster, broker: Broker) -> None:
    """Else an event could pass an older one of its key that another program wrote."""
    await cluster.create("logs", 7)
    await cluster.publish(records(100, keys=50))
    async with ProducerPair(broker, "mine") as pair:
        await pair.transact(records(100, keys=50), "group", mark(broker, 1))
    found = await cluster.read("logs")
    assert len(found) == 200
    assert len({record.partition for record in found}) == 7
    assert len({(record.key, record.partition) for record in found}) == 50


async def test_a_record_larger_than_any_request_is_refused_before_anything_is_sent(
    cluster: Cluster, broker: Broker
) -> None:
    await cluster.create("logs", 1)
    points: list[CrashPoint] = []
    giant = Outgoing("logs", b"key", b"x" * REQUEST_LIMIT)
    async with ProducerPair(broker, "mine") as pair:
        crash_points.arm(points.append)
        with pytest.raises(TooLarge):
            await pair.transact([*records(1), giant], "group", mark(broker, 1))
        crash_points.arm(lambda point: None)
    assert points == []


async def read_all(consumer: Consumer, partition: Partition, count: int) -> list[Record]:
    found: list[Record] = []

    async def complete() -> bool:
        found.extend(await consumer.batch([partition], 100, 0.2))
        return len(found) >= count

    await until(complete)
    return found


async def joined(broker: Broker) -> Consumer:
    consumer = Consumer(broker, "a group that has committed nothing")
    await consumer.start()
    consumer.subscribe(["logs"])
    await until(lambda: consumer.assignment)
    return consumer


async def test_with_nothing_committed_the_first_batch_is_read_again_after_a_recovery(
    cluster: Cluster, broker: Broker
) -> None:
    """The client's own `seek_to_committed` would do nothing here, and the batch would be skipped."""
    await cluster.create("logs")
    await cluster.publish(records(10))
    consumer = await joined(broker)
    (partition,) = consumer.assignment
    first = await read_all(consumer, partition, 10)
    consumer.seek(partition, await consumer.committed(partition))
    assert [r.offset for r in await read_all(consumer, partition, 10)] == [r.offset for r in first]
    await consumer.discard()


async def test_a_transaction_asks_the_coordinator_for_everything_once(
    cluster: Cluster, broker: Broker
) -> None:
    """The client itself would wait for the answer about the partitions before it names the group."""
    await cluster.create("logs", 3)
    async with opened(Producer(broker, "first")) as producer:  # it may ask again: the topic is new
        await producer.transact(records(9, keys=3), "group", mark(broker, 9))
    async with opened(Producer(broker, "mine")) as producer:
        asked: list[str] = []
        send = producer._client.client.send

        async def counted(node: object, request: object, **options: object) -> object:
            asked.append(type(request).__name__)
            return await send(node, request, **options)

        producer._client.client.send = counted
        await producer.transact(records(9, keys=3), "group", mark(broker, 9))
    asked.remove("FindCoordinatorRequest")  # of the group, once in the life of a client
    assert asked == [
        "AddPartitionsToTxnRequest",
        "AddOffsetsToTxnRequest",
        "ProduceRequest",
        "TxnOffsetCommitRequest",
        "EndTxnRequest",
    ]
    assert len(await cluster.read("logs")) == 18


async def test_offsets_have_gaps_and_the_position_passes_over_them(cluster: Cluster, broker: Broker) -> None:
    """Markers, and the records of a transaction that was given up."""
    await cluster.create("logs", 1, **{"max.message.bytes": "10000"})
    for number in range(3):
        async with ProducerPair(broker, "mine") as pair:
            await pair.transact(records(2), "group", mark(broker, number))
        bad = Outgoing("logs", b"key", b"x" * 50_000)
        with pytest.raises(TooLarge):
            async with ProducerPair(broker, "mine") as pair:
                await pair.transact([*records(1), bad], "group", mark(broker, 99))
    async with ProducerPair(broker, "mine"):
        pass
    found = await cluster.read("logs")
    offsets = [record.offset for record in found]
    assert len(offsets) == 6
    assert offsets != list(range(6))
    consumer = await joined(broker)
    (partition,) = consumer.assignment
    await read_all(consumer, partition, 6)
    ends = await consumer.ends([partition])

    async def at_the_end() -> bool:
        await consumer.batch([partition], 100, 0.1)
        return await consumer.position(partition) == ends[partition]

    await until(at_the_end)
    assert ends[partition] > offsets[-1] + 1
    await consumer.discard()


async def test_without_a_group_the_partitions_of_a_topic_are_found(cluster: Cluster, broker: Broker) -> None:
    await cluster.create("logs", 4)
    consumer = Consumer(broker)
    await consumer.start()
    partitions = await consumer.assign_all(["logs"])
    assert [number for _, number in partitions] == [0, 1, 2, 3]
    await consumer.discard()


@pytest.mark.parametrize("make", [lambda broker: Consumer(broker, "group"), lambda broker: Consumer(broker)])
async def test_a_consumer_that_never_started_can_be_discarded(
    broker: Broker, make: Callable[[Broker], Consumer]
) -> None:
    await make(broker).discard()
    assert asyncio.all_tasks() == {asyncio.current_task()}
