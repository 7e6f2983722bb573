"""`./shop trace` as a person and a program call it, on topics where a letter was buried and redriven."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev import ports
from dev.kafka import Kafka
from dev.paths import ROOT
from dev.trace.reading import TOPICS
from event_bus import Broker
from tests.dev.dlq.burying import bury, good
from tests.dev.dlq.calling import Finished, command
from tests.event_bus.cluster import Cluster

STORY = "a-request"  # of all events that the storyteller makes


@pytest.fixture
async def cluster(kafka: Kafka, prefix: str) -> Cluster:
    cluster = Cluster(Broker(kafka.bootstrap_servers, prefix))
    for topic in TOPICS:
        await cluster.create(topic)
    return cluster


def trace(state: Path, broker: Broker, *arguments: str) -> Finished:
    argv = [sys.executable, "-m", "dev", "trace", *arguments, "--state", str(state)]
    environment = {**os.environ, "TOPIC_PREFIX": broker.prefix, "PYTHONIOENCODING": "utf-8"}
    environment["KAFKA_BOOTSTRAP_SERVERS"] = broker.bootstrap_servers
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def refused(done: Finished, why: str) -> None:
    assert (done.returncode, done.stdout) == (1, "")
    assert why in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


async def test_a_letter_and_what_became_of_it(cluster: Cluster, tmp_path: Path) -> None:
    broker = cluster.broker
    (address,) = await bury(cluster, [good("p1", 1)], "unknown \x1b[31m type")
    before = trace(tmp_path, broker, STORY)
    assert (before.returncode, before.stderr) == (0, "")
    assert before.stdout.splitlines()[-2].endswith(
        f"dead letter of notifications_service: unknown \\x1b[31m type  {address}  open"
    )
    assert before.stdout.splitlines()[-1] == "1 event, 1 dead letter; 2 records looked at"

    dlq = command(tmp_path, broker.prefix, broker.bootstrap_servers)
    assert dlq("redrive", str(address), "--yes").returncode == 0
    after = json.loads(trace(tmp_path, broker, STORY, "--json").stdout)
    first, second, letter = sorted(after["records"], key=lambda record: record["dead_letter"] is not None)
    assert (first["again"], second["again"], second["id"]) == (False, True, first["id"])
    assert letter["resolution"]["how"] == "redriven"
    assert {second["cause"], letter["cause"]} == {first["address"]}
    assert after["looked_at"] == 4  # the event twice, its letter, and what became of it


async def test_it_looks_no_further_back_than_it_is_told(cluster: Cluster, tmp_path: Path) -> None:
    await cluster.write("notifications", [good("p1", 1)])
    assert trace(tmp_path, cluster.broker, STORY, "--since", "1h").returncode == 0
    written = (await cluster.read("notifications"))[0].timestamp
    later = datetime.fromtimestamp(written / 1000, UTC) + timedelta(milliseconds=1)
    refused(trace(tmp_path, cluster.broker, STORY, "--since", later.isoformat()), "among the 0 records since")


def test_what_can_not_be_looked_for_is_one_sentence(tmp_path: Path, kafka: Kafka) -> None:
    (port,) = ports.free(1)
    refused(trace(tmp_path, Broker(kafka.bootstrap_servers, "elsewhere-"), STORY), "TOPIC_PREFIX")
    refused(trace(tmp_path, Broker(f"127.0.0.1:{port}", ""), STORY), f"Kafka at 127.0.0.1:{port}")
    refused(trace(tmp_path, Broker("", ""), STORY), "./shop up")
    refused(trace(tmp_path, Broker("", ""), STORY, "--since", "soon"), "--since soon is no time")
