"""What a browser of Kafka asks: topics, leaders, settings, groups and what they have committed."""

import pytest

from dev.kafka import Kafka
from event_bus.errors import Unavailable
from event_bus.kafka import Admin, Consumer
from event_bus.records import Group, Partition
from event_bus.settings import Broker
from tests.event_bus.cluster import Cluster, until


@pytest.fixture
def cluster(kafka: Kafka, prefix: str) -> Cluster:
    return Cluster(Broker(kafka.bootstrap_servers, prefix))


async def test_topics_with_the_prefix_their_leaders_and_settings(cluster: Cluster) -> None:
    await cluster.create("cups", 2, **{"retention.bytes": "12345"})
    await Cluster(Broker(cluster.broker.bootstrap_servers, "another-")).create(cluster.broker.named("x"))
    async with Admin(cluster.broker) as admin:
        assert await admin.topics() == ["cups"]
        leaders = await admin.leaders("cups")
        assert set(leaders) == {0, 1}
        assert all(broker >= 0 for broker in leaders.values())
        assert await admin.leaders("none") == {}
        settings = await admin.settings("cups")
        assert (settings["retention.bytes"], settings["cleanup.policy"]) == ("12345", "delete")
        with pytest.raises(Unavailable, match="UnknownTopicOrPartition"):
            await admin.settings("none")


async def test_groups_with_their_members_and_offsets(cluster: Cluster) -> None:
    await cluster.create("cups", 2)
    first, second = (Partition(cluster.broker.named("cups"), number) for number in (0, 1))
    consumers = {name: Consumer(cluster.broker, name) for name in ("drinkers", "washers")}
    try:
        for consumer in consumers.values():
            await consumer.start()
            consumer.subscribe(["cups"])
        await until(lambda: all(len(consumer.assignment) == 2 for consumer in consumers.values()))
        await consumers["drinkers"].commit({first: 4})
        async with Admin(cluster.broker) as admin:
            assert {cluster.broker.named(name) for name in consumers} <= set(await admin.group_names())
            for name in consumers:
                group = await admin.group(name)
                assert group.state == "Stable"
                assert [member.partitions for member in group.members] == [{first, second}]
            assert await admin.all_committed("drinkers") == {first: 4}
            assert await admin.all_committed("washers") == {}
            assert await admin.group("nobody") == Group("Dead", [])
    finally:
        for consumer in consumers.values():
            await consumer.discard()
