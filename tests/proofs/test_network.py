"""Who comes to Kafka by the proxy is sent back to the proxy; who comes by the usual way meets no fault."""

from pathlib import Path

from dev.kafka import Kafka
from dev.kafka.properties import server_properties
from dev.mongo import Mongo
from proofs.network import Network


def test_kafka_names_the_proxy_to_those_who_come_by_it(tmp_path: Path) -> None:
    kafka, mongo = Kafka(tmp_path, 1001, 1002), Mongo(tmp_path, 1003)
    network = Network(kafka, mongo)
    settings = dict(
        line.split("=", 1) for line in server_properties(tmp_path, 1001, 1002, kafka.overrides).splitlines()
    )
    assert settings["advertised.listeners"] == (
        f"PLAINTEXT://127.0.0.1:1001,PROXIED://127.0.0.1:{network.kafka.port}"
    )
    assert settings["listeners"] == (
        f"PLAINTEXT://127.0.0.1:1001,PROXIED://127.0.0.1:{network.kafka.target},CONTROLLER://127.0.0.1:1002"
    )


def test_services_are_told_of_the_proxies(tmp_path: Path) -> None:
    network = Network(Kafka(tmp_path, 1001, 1002), Mongo(tmp_path, 1003))
    assert network.addresses == {
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{network.kafka.port}",
        "MONGO_URI": f"mongodb://127.0.0.1:{network.mongo.port}/?directConnection=true",
    }
    assert network.mongo.target == 1003
