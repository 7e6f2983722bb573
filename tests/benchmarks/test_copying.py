"""The ways that `./shop bench worker` measures still take over what lies on a topic."""

import asyncio

import pytest

from benchmarks.copying import Task
from benchmarks.worker import process
from contracts import INVENTORIES, LOGS
from dev.kafka import Kafka
from event_bus import Broker
from tests.event_bus.cluster import Cluster

RECORDS = 10


@pytest.mark.parametrize("way", ["worker", "plain_worker"])
async def test_what_lies_there_is_taken_over(kafka: Kafka, prefix: str, way: str) -> None:
    cluster = Cluster(Broker(kafka.bootstrap_servers, prefix))
    for topic in (INVENTORIES, LOGS):
        await cluster.create(topic.name)
    await cluster.write(INVENTORIES.name, [(b"key", b"value", [])] * RECORDS)
    task = Task(way, kafka.bootstrap_servers, group="copies", prefix=prefix)
    async with asyncio.timeout(30), process(task) as child:
        assert child.stdout is not None
        taken = 0
        while taken < RECORDS:
            taken = int((await child.stdout.readline()).split()[-1])
        await cluster.until_visible(LOGS.name)
    assert len(await cluster.read(LOGS.name)) == RECORDS
