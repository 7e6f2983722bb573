"""`./shop replay` as a person and a program meet it."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev.errors import ShopError
from dev.kafka import Kafka
from dev.paths import ROOT
from dev.replay.moment import moment
from event_bus import Broker
from tests.dev.dlq.calling import running
from tests.dev.replay.worked import make_topics, registered, work
from tests.event_bus.cluster import Cluster

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
NOBODY = "127.0.0.1:9"
Finished = subprocess.CompletedProcess[str]


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("1h", "2026-11-22T02:00:00+00:00"),
        ("2d", "2026-11-20T03:00:00+00:00"),
        ("2026-11-22T02:30:00Z", "2026-11-22T02:30:00+00:00"),
        ("2026-11-22T03:30:00+01:00", "2026-11-22T02:30:00+00:00"),
    ],
)
def test_a_time_is_said_as_elsewhere_in_the_shop(text: str, when: str) -> None:
    assert moment(text, NOW) == datetime.fromisoformat(when).timestamp() * 1000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yesterday", "is no time: 30s, 5m, 1h, 2d"),
        ("2026-11-22T02:30:00", "needs a time zone"),
        ("2026-11-22T04:00:00Z", "is in the future"),
    ],
)
def test_a_time_that_is_none_is_said_in_one_sentence(text: str, why: str) -> None:
    with pytest.raises(ShopError, match=why):
        moment(text, NOW)


def replay(state: Path, prefix: str, *arguments: str) -> Finished:
    argv = [sys.executable, "-m", "dev", "replay", *arguments, "--state", str(state)]
    environment = {**os.environ, "TOPIC_PREFIX": prefix, "KAFKA_BOOTSTRAP_SERVERS": ""}
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


async def test_a_worker_is_replayed_for_a_person_and_for_a_program(
    kafka: Kafka, prefix: str, tmp_path: Path
) -> None:
    cluster = Cluster(Broker(kafka.bootstrap_servers, prefix))
    await make_topics(cluster)
    await cluster.publish(map(registered, ["alice", "bob"]))
    await work(cluster, 2)
    running(tmp_path / "state", kafka.bootstrap_servers)
    done = replay(tmp_path / "state", prefix, "notifications-service", "--from", "1h", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["ok"], report["records"], report["events"]["same"]) == (True, 2, 2)
    done = replay(tmp_path / "state", prefix, "notifications_service", "--from", "earliest")
    assert "2 same, 0 different, 0 missing, 0 extra" in done.stdout


@pytest.mark.parametrize(
    ("service", "why"),
    [
        ("nobody_service", "no service nobody_service; what can be replayed: notifications_service"),
        ("payments_service", "payments_service is no worker"),
        ("users_service", "users_service is no worker"),
        ("notifications_service", f"Kafka at {NOBODY}"),
    ],
)
def test_what_can_not_be_replayed_is_one_sentence(service: str, why: str, tmp_path: Path) -> None:
    running(tmp_path / "state", NOBODY)
    refused = replay(tmp_path / "state", "", service, "--from", "1h")
    assert refused.returncode == 1
    assert why in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_without_a_shop_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    refused = replay(tmp_path / "state", "", "notifications_service", "--from", "1h")
    assert refused.returncode == 1
    assert "./shop up starts it" in refused.stderr
