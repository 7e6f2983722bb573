"""The embedded Kafka and database: really ready, and the same data after a stop, a kill and a freeze."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pymongo import MongoClient

from dev.kafka import Kafka, archive
from dev.kafka.metadata import broker_ports
from dev.mongo import Mongo


def test_a_started_broker_knows_itself(kafka: Kafka) -> None:
    assert broker_ports(kafka.port) == [kafka.port]


def test_a_broker_starts_with_an_archive_of_its_classes_that_is_broken(
    own_kafka: Callable[[], Kafka], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "classes.jsa"
    broken.write_bytes(b"nothing of the kind" * 1000)
    monkeypatch.setattr(archive, "_kept", lambda program: broken)
    broker = own_kafka()
    assert f"-XX:SharedArchiveFile={broken}" in psutil.Process(broker.pid).cmdline()
    assert broker.answers()


def test_a_killed_broker_comes_back_on_its_port_and_folder(own_kafka: Callable[[], Kafka]) -> None:
    broker = own_kafka()
    before = broker.pid
    broker.kill()
    assert not broker.answers()
    broker.start()
    assert broker.answers()
    assert broker.pid != before


def test_a_frozen_broker_does_not_answer_until_it_thaws(own_kafka: Callable[[], Kafka]) -> None:
    broker = own_kafka()
    broker.freeze()
    assert not broker.answers()
    broker.thaw()
    broker.wait_ready(20)


def test_a_killed_database_keeps_what_it_acknowledged(own_mongo: Callable[[], Mongo]) -> None:
    server = own_mongo()
    with MongoClient[dict[str, object]](server.uri) as client:
        client.lab.words.insert_one({"_id": "kept"})
    server.kill()
    server.start()
    with MongoClient[dict[str, object]](server.uri) as client:
        assert client.lab.words.find_one() == {"_id": "kept"}
