"""Letters are redriven and dropped on a real Kafka: what lands where, what is refused, what stays as it was."""

import asyncio
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from dev.dlq.address import Address
from dev.dlq.letters import How, Letter, resolution
from dev.dlq.redrive import fetch, look, resolve, try_out
from dev.dlq.selection import Chosen, Selection, select
from dev.errors import ShopError
from event_bus import Broker
from event_bus.records import INPUT_LIMIT
from tests.dev.dlq.burying import SERVICE, addresses, bury, expected, good, raw_of, settled, times
from tests.event_bus.cluster import Cluster, ids

EVERYTHING = Selection([SERVICE])
NO_NAME = ("", b"\xff\xfe")


async def done(broker: Broker, selection: Selection, how: How = "redriven") -> list[Address]:
    """What was told as done, in this order."""
    told: list[Letter] = []
    await resolve(broker, selection, how, told.append)
    for topic in ("notifications", f"{SERVICE}.dlq"):
        await Cluster(broker).until_visible(topic)
    return addresses(told)


async def tried(broker: Broker, selection: Selection, how: How = "redriven") -> Chosen:
    return await try_out(broker, selection, how)


async def test_a_redriven_record_is_the_record_as_it_was(cluster: Cluster, broker: Broker) -> None:
    """Bytes that are no text, headers of our own names, an empty key, no value: all of it."""
    key, value, headers = good("key", 1)
    records = [
        (key, value, [*headers, ("dlq_reason", b"an older letter"), NO_NAME]),
        (b"\xff\x00", b"\x00\xff" * 100, []),
        (b"", b"", [("dlq_resolution", b"redriven")]),
        (b"key", None, headers),
        (None, b"value", headers),
        (key, b"x" * (INPUT_LIMIT - 20_000), headers),
    ]
    buried = await bury(cluster, records)
    assert await done(broker, EVERYTHING) == buried
    found = await cluster.read("notifications")
    assert list(map(raw_of, found[len(records) :])) == records
    assert await settled(cluster) == expected(buried)


async def test_a_dropped_record_goes_nowhere_and_its_letter_stays_readable(
    cluster: Cluster, broker: Broker
) -> None:
    buried = await bury(cluster, [good("key", 1), good("key", 2)])
    assert await done(broker, Selection([SERVICE], buried[:1]), "dropped") == buried[:1]
    assert set((await times(cluster)).values()) == {1}
    letters = await look(broker, [SERVICE])
    assert addresses(letters.open()) == buried[1:]
    assert letters.resolved[buried[0]].how == "dropped"
    record, letter, how = await fetch(broker, buried[0])
    assert (record.key, letter.reason, how) == (b"key", "unknown type 'x'", letters.resolved[buried[0]])


async def test_without_a_yes_nothing_is_written_and_nobody_is_fenced(
    cluster: Cluster, broker: Broker
) -> None:
    buried = await bury(cluster, [good("key", 1)])
    assert addresses((await tried(broker, EVERYTHING)).letters) == buried
    assert await settled(cluster) == {}
    assert set((await times(cluster)).values()) == {1}


async def test_letters_are_chosen_by_address_by_reason_and_by_service(
    cluster: Cluster, broker: Broker
) -> None:
    first = await bury(cluster, [good("key", 1), good("key", 2)], "unknown type 'a'")
    second = await bury(cluster, [good("key", 3)], "the key is not the subject")
    other = await bury(cluster, [good("key", 4)], "there is no such payment", service="payments_service")
    one = select(broker, [str(first[1])], None, False)
    assert addresses((await tried(broker, one)).letters) == [first[1]]
    several = select(broker, [str(other[0]), str(first[0]), str(first[0])], None, False)
    assert addresses((await tried(broker, several)).letters) == [first[0], other[0]]
    assert addresses((await tried(broker, select(broker, [], "subject", False))).letters) == second
    assert addresses((await tried(broker, select(broker, ["payments_service"], None, True))).letters) == other
    assert sorted(await done(broker, select(broker, [], None, True))) == sorted([*first, *second, *other])
    assert set((await times(cluster)).values()) == {2}


async def test_one_address_that_is_refused_refuses_all_of_them(cluster: Cluster, broker: Broker) -> None:
    buried = await bury(cluster, [good("key", 1), good("key", 2)])
    await done(broker, Selection([SERVICE], buried[:1]))
    resolution_of_the_first = buried[1]._replace(offset=buried[1].offset + 1)
    unknown = [resolution_of_the_first, buried[0]._replace(offset=999), buried[0]._replace(partition=7)]
    for address, why in [(buried[0], "redriven already"), *((one, "no dead letter") for one in unknown)]:
        with pytest.raises(ShopError, match=why):
            await done(broker, Selection([SERVICE], [buried[1], address]))
    assert (await look(broker, [SERVICE])).open()[0].address == buried[1]
    assert sum((await times(cluster)).values()) == 3


async def test_what_was_cut_can_only_be_dropped(cluster: Cluster, broker: Broker) -> None:
    """By its address it is refused; among others it is left out, and named."""
    (whole,) = await bury(cluster, [good("key", 1)])
    (cut,) = await bury(cluster, [(b"key", b"x" * 70_000, [])], "too large", cut=True)
    with pytest.raises(ShopError, match="first 65,536 bytes"):
        await done(broker, Selection([SERVICE], [cut]))
    chosen = await resolve(broker, EVERYTHING, "redriven", lambda letter: None)
    assert addresses(chosen.letters) == [whole]
    assert [str(cut) in why for why in chosen.left_out] == [True]
    assert await done(broker, EVERYTHING, "dropped") == [cut]
    assert (await look(broker, [SERVICE])).open() == []


async def test_a_letter_from_a_topic_that_is_not_of_this_shop_is_not_redriven(
    cluster: Cluster, broker: Broker
) -> None:
    await bury(cluster, [good("key", 1)])
    (letter,) = await cluster.read(f"{SERVICE}.dlq")
    forged = [(name, b"elsewhere" if name == "dlq_topic" else part) for name, part in letter.headers]
    await cluster.write(f"{SERVICE}.dlq", [(letter.key, letter.value, forged)])
    assert "elsewhere is no topic of this shop" in (await tried(broker, EVERYTHING)).left_out[0]


async def test_a_letter_that_is_refused_again_is_a_new_letter(cluster: Cluster, broker: Broker) -> None:
    buried = await bury(cluster, [good("key", 1)])
    assert await done(broker, EVERYTHING) == buried
    again = await bury(cluster, [raw_of(record) for record in (await cluster.read("notifications"))[1:]])
    assert await done(broker, EVERYTHING) == again
    assert again != buried


async def test_many_and_large_ones_go_in_several_transactions(cluster: Cluster, broker: Broker) -> None:
    large = [good("key", number) for number in range(12)]
    buried = await bury(cluster, [(key, b"x" * 900_000, headers) for key, _, headers in large])
    assert await done(broker, EVERYTHING) == buried
    assert set((await times(cluster)).values()) == {2}


async def test_what_somebody_else_wrote_there_is_no_letter_and_in_nobody_s_way(
    cluster: Cluster, broker: Broker
) -> None:
    buried = await bury(cluster, [good("key", 1)])
    foreign = [
        good("key", 2),
        (None, b"hello", []),
        (b"not an address", None, [("dlq_resolution", b"redriven")]),
        (str(buried[0]).encode(), None, [("dlq_resolution", b"eaten")]),
        (str(buried[0]).encode(), None, [("dlq_resolution", b"redriven"), ("more", b"")]),
    ]
    await cluster.write(f"{SERVICE}.dlq", foreign)
    letters = await look(broker, [SERVICE])
    assert len(letters.foreign) == len(foreign)
    assert await done(broker, EVERYTHING) == buried


async def test_a_resolution_behind_an_open_transaction_is_waited_for(
    cluster: Cluster, broker: Broker
) -> None:
    """A reader of committed records ends before it: the letter would look open, and land a second time."""
    (letter,) = await bury(cluster, [good("key", 1)])
    service = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap_servers, transactional_id=f"{broker.prefix}{uuid4().hex}"
    )
    await service.start()
    try:
        await service.begin_transaction()
        await service.send_and_wait(letter.topic, b"the letter of a service that froze here")
        await cluster.publish([resolution(letter, "redriven", broker.prefix)])
        assert addresses((await look(broker, [SERVICE])).open()) == [letter]  # as far as anybody can see
        redrive = asyncio.create_task(done(broker, EVERYTHING))
        await asyncio.wait({redrive}, timeout=2)
        assert not redrive.done()
        await service.abort_transaction()
        assert await redrive == []
    finally:
        await service.stop()
    assert len(ids(await cluster.read("notifications"))) == 1
