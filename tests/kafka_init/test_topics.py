"""Topics: made once, as the language says, and never changed silently."""

import asyncio
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contracts.topics import ALL
from dev import ports
from dev.child import Child
from dev.kafka import Kafka

INPUT, DEAD_LETTER = 1_048_576, 2_065_536  # bytes: a record of ours, and twice that for what is dead


def run(folder: Path, environment: Mapping[str, str], **settings: str) -> tuple[int, str]:
    log = folder / f"kafka_init-{time.monotonic_ns()}.log"
    code = Child("kafka_init", [sys.executable, "-m", "kafka_init"], log, {**environment, **settings}).wait(
        60
    )
    return code, log.read_text()


@pytest.fixture
def alone(kafka: Kafka, prefix: str) -> dict[str, str]:
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TOPIC_PREFIX": prefix, "LOG_FORMAT": "json"}


async def described(kafka: Kafka, prefix: str) -> dict[str, dict[str, Any]]:
    """Partitions and settings of every topic with this prefix, by its name without it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(prefix)]
        found: dict[str, dict[str, Any]] = {}
        for topic in await admin.describe_topics(names):
            found[topic["topic"].removeprefix(prefix)] = {"partitions": len(topic["partitions"])}
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        for answer in await admin.describe_configs(wanted):
            for _, _, _, name, entries in answer.resources:
                found[name.removeprefix(prefix)] |= {entry[0]: entry[1] for entry in entries}
        return found
    finally:
        await admin.close()


async def test_topics_are_made_as_the_language_says(
    tmp_path: Path, kafka: Kafka, prefix: str, alone: dict[str, str]
) -> None:
    code, _ = await asyncio.to_thread(run, tmp_path, alone)
    assert code == 0
    found = await described(kafka, prefix)
    assert set(found) == {topic.name for topic in ALL}
    for topic in ALL:
        config = found[topic.name]
        assert config["partitions"] == topic.partitions
        assert int(config["max.message.bytes"]) == (DEAD_LETTER if topic.holds_inputs else INPUT)
        if topic.cleanup == "compact":
            assert config["cleanup.policy"] == "compact"
            year = 365 * 24 * 3600 * 1000
            assert int(config["delete.retention.ms"]) >= year  # whoever slept must still see a withdrawal
        else:
            assert config["cleanup.policy"] == "delete"
            kept = "3600000" if topic.cleanup == "after an hour" else "-1"
            assert (config["retention.ms"], config["retention.bytes"]) == (kept, str(512 * 1024 * 1024))


async def test_what_nobody_needs_tomorrow_is_gone_soon_after_an_hour(
    tmp_path: Path, kafka: Kafka, prefix: str, alone: dict[str, str]
) -> None:
    """Kafka deletes no segment that is still written to."""
    assert [topic.name for topic in ALL if topic.cleanup == "after an hour"] == ["metrics"]
    assert (await asyncio.to_thread(run, tmp_path, alone))[0] == 0
    config = (await described(kafka, prefix))["metrics"]
    assert int(config["segment.ms"]) <= int(config["retention.ms"]) / 4 == 900_000


async def test_again_changes_nothing(
    tmp_path: Path, kafka: Kafka, prefix: str, alone: dict[str, str]
) -> None:
    codes = [await asyncio.to_thread(run, tmp_path, alone)]
    before = await described(kafka, prefix)
    codes.append(await asyncio.to_thread(run, tmp_path, alone, KAFKA_INIT_RETENTION_BYTES="1048576"))
    assert [code for code, _ in codes] == [0, 0]
    assert "created" not in codes[1][1]
    assert await described(kafka, prefix) == before


async def test_two_at_the_same_time_are_as_good_as_one(
    tmp_path: Path, kafka: Kafka, prefix: str, alone: dict[str, str]
) -> None:
    results = await asyncio.gather(*(asyncio.to_thread(run, tmp_path, alone) for _ in range(2)))
    assert [code for code, _ in results] == [0, 0], results
    assert set(await described(kafka, prefix)) == {topic.name for topic in ALL}


async def test_another_number_of_partitions_is_an_error_that_says_so(
    tmp_path: Path, kafka: Kafka, prefix: str, alone: dict[str, str]
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(f"{prefix}notifications", 2, 1)])
    await admin.close()
    code, log = await asyncio.to_thread(run, tmp_path, alone)
    assert code == 78
    assert all(part in log for part in ('"topic": "notifications"', '"found": 2', '"expected": 6'))
    found = await described(kafka, prefix)
    assert found["notifications"]["partitions"] == 2
    assert set(found) == {topic.name for topic in ALL}  # the others were made all the same


async def test_partitions_of_logs_can_be_set(
    tmp_path: Path, kafka: Kafka, prefix: str, alone: dict[str, str]
) -> None:
    code, _ = await asyncio.to_thread(run, tmp_path, alone, KAFKA_INIT_LOGS_PARTITIONS="3")
    assert (code, (await described(kafka, prefix))["logs"]["partitions"]) == (0, 3)


def test_a_broker_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    late = Kafka(tmp_path / "kafka", *ports.free(2))
    starting = threading.Timer(2.0, late.start)
    starting.start()
    try:
        code, log = run(tmp_path, {"KAFKA_BOOTSTRAP_SERVERS": late.bootstrap_servers, "LOG_FORMAT": "json"})
        assert code == 0, log
    finally:
        starting.join()
        late.stop()


def test_without_a_broker_it_ends_at_its_deadline_and_says_why(tmp_path: Path) -> None:
    (nobody,) = ports.free(1)
    began = time.monotonic()
    code, log = run(
        tmp_path,
        {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{nobody}"},
        KAFKA_INIT_DEADLINE="1.5",
        LOG_FORMAT="json",
    )
    assert (code, "no broker" in log) == (1, True)
    assert 1.5 <= time.monotonic() - began < 10
