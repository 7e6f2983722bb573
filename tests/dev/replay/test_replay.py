"""A replay tells whether the code of today makes of yesterday's events what the code of yesterday made."""

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from contracts import Envelope, LogLine, Notification
from dev.errors import ShopError
from dev.kafka import Kafka
from dev.replay.comparison import Verdict
from dev.replay.moment import EARLIEST
from dev.replay.replaying import Report, replay
from event_bus import Broker, On
from event_bus.kafka import Admin
from notifications_service.app import CONSUMES, SERVICE
from tests.dev.replay.worked import LETTERS, NOT_AN_EVENT, changed, make_topics, registered, work
from tests.event_bus.cluster import Cluster

NAMES = [f"user{number}" for number in range(30)]


@pytest.fixture(scope="module")
def cluster(kafka: Kafka) -> Cluster:
    """Thirty people have registered and have their lines; beside them lies one dead letter. For tests that look."""
    return asyncio.run(worked(Cluster(Broker(kafka.bootstrap_servers, f"t{uuid4().hex[:8]}-"))))


async def worked(cluster: Cluster) -> Cluster:
    await make_topics(cluster)
    await cluster.publish(map(registered, NAMES))
    await cluster.write("notifications", [NOT_AN_EVENT])
    await work(cluster, len(NAMES), letters=1)
    return cluster


def counted(same: int = 0, different: int = 0, missing: int = 0, extra: int = 0) -> dict[Verdict, int]:
    return {"same": same, "different": different, "missing": missing, "extra": extra}


async def replayed(cluster: Cluster, table: Iterable[On] = CONSUMES, **how: Any) -> Report:
    return await replay(cluster.broker, SERVICE, list(table), **{"time": EARLIEST, **how})


async def test_the_same_code_tells_the_same_and_leaves_nothing_behind(cluster: Cluster) -> None:
    async with Admin(cluster.broker) as admin:
        before = await admin.topics(), await admin.all_committed(SERVICE)
        lines = len(await cluster.read("logs"))
        report = await replayed(cluster)
        assert report.ok
        assert report.records == 31
        assert (report.lines, report.letters) == (counted(same=30), counted(same=1))
        assert (await admin.topics(), await admin.all_committed(SERVICE)) == before
    assert len(await cluster.read("logs")) == lines


def shouted(event: Envelope[Notification]) -> LogLine:
    line = LogLine.about(event)
    return line.model_copy(update={"message": line.message.upper()}) if event.subject == "user7" else line


async def test_a_changed_handler_is_found_out_by_the_field_that_differs(cluster: Cluster) -> None:
    report = await replayed(cluster, changed(shouted))
    assert not report.ok
    assert report.lines == counted(same=29, different=1)
    (example,) = report.examples
    said = "User user7 registered successfully"
    assert (example.verdict, example.fields) == ("different", {"message": (said, said.upper())})


def shuffled(event: Envelope[Notification]) -> LogLine:
    """A line says the same in another order, and is another line for who reads it."""
    return Shuffled.model_validate(LogLine.about(event).model_dump())


class Shuffled(LogLine):
    def to_json(self) -> str:
        return json.dumps({"message": self.message, **self.model_dump(exclude_none=True)})


async def test_the_order_of_the_fields_is_part_of_a_line(cluster: Cluster) -> None:
    report = await replayed(cluster, changed(shuffled))
    assert report.lines == counted(different=30)
    assert report.examples[0].fields.keys() == {"order of the fields"}


def silent(event: Envelope[Notification]) -> list[LogLine]:
    return [] if event.subject == "user7" else [LogLine.about(event)]


def stammering(event: Envelope[Notification]) -> list[LogLine]:
    return [LogLine.about(event)] * (2 if event.subject == "user7" else 1)


async def test_what_is_no_longer_told_is_extra_and_what_is_new_is_missing(cluster: Cluster) -> None:
    assert (await replayed(cluster, changed(silent))).lines == counted(same=29, extra=1)
    assert (await replayed(cluster, changed(stammering))).lines == counted(same=30, missing=1)


def failing(event: Envelope[Notification]) -> LogLine:
    if event.subject == "user7":
        raise ValueError("seven")
    return LogLine.about(event)


async def test_an_event_that_becomes_a_dead_letter_is_counted_as_one(cluster: Cluster) -> None:
    report = await replayed(cluster, changed(failing))
    assert report.lines == counted(same=29, extra=1)
    assert report.letters == counted(same=1, missing=1)
    (letter,) = [example for example in report.examples if example.verdict == "missing"]
    assert "seven" in letter.fields["dlq_reason"][1]


async def test_only_what_was_consumed_since_then_is_told_again(kafka: Kafka, prefix: str) -> None:
    cluster = await worked(Cluster(Broker(kafka.bootstrap_servers, prefix)))
    begun = int(time.time() * 1000)
    await cluster.publish([registered("late")])
    await work(cluster, len(NAMES) + 1)
    await cluster.publish([registered("later")])  # nobody works any more
    report = await replayed(cluster, time=begun)
    assert (report.records, report.lines, report.letters) == (1, counted(same=1), counted())
    assert (await replayed(cluster)).lines == counted(same=31)


async def test_where_kafka_has_deleted_lines_none_is_said_to_be_missing(kafka: Kafka, prefix: str) -> None:
    cluster = await worked(Cluster(Broker(kafka.bootstrap_servers, prefix)))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    await admin.delete_records({TopicPartition(f"{prefix}logs", 0): RecordsToDelete(10)})
    await admin.close()
    with pytest.raises(
        ShopError, match="wrote to logs at that time is gone, or some of it: take a later --from"
    ):
        await replayed(cluster)


async def test_what_is_kept_can_be_read_on_its_topics(cluster: Cluster) -> None:
    report = await replayed(cluster, keep=True)
    lines, letters = (topic.removeprefix(cluster.broker.prefix) for topic in report.kept)
    assert lines.startswith("logs.replay-")
    assert letters.startswith(f"{LETTERS}.replay-")
    told_again, told_first = await cluster.read(lines), await cluster.read("logs")
    assert sorted(record.value for record in told_again) == sorted(record.value for record in told_first)
    assert len(await cluster.read(letters)) == 1
