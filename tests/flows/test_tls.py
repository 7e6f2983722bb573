"""A Kafka that speaks TLS: services reach it if they know who signed its certificate, and take no other for it."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev import ports
from dev.child import Child
from dev.kafka import Kafka
from dev.paths import ROOT
from dev.services import INIT
from event_bus import Broker
from event_bus.errors import Unavailable
from event_bus.kafka import Admin
from event_bus.security import Access, Protocol
from tests.conftest import RunService
from tests.flows.certificates import Authority
from tests.flows.topics import committed_records, lines_of, publish, until_records

HOST, ACCOUNT, PASSWORD = "localhost", "admin", "of-this-test-alone"
PAID = ROOT / "ressources" / "samples" / "payments.accepted.v1.json"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A broker with a port for each protocol; the plain one is for the test itself."""

    kafka: Kafka
    ports: dict[Protocol, int]
    authority: Authority
    stranger: Authority

    def access(self, protocol: Protocol, authority: Authority | None = None) -> Access:
        trusted = authority or self.authority
        account = (ACCOUNT, PASSWORD) if protocol.startswith("SASL") else ("", "")
        return Access(protocol, "PLAIN", *account, str(trusted.file))

    def broker(self, protocol: Protocol, host: str = HOST, authority: Authority | None = None) -> Broker:
        return Broker(f"{host}:{self.ports[protocol]}", "tls-", self.access(protocol, authority))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("tls")
    authority, stranger = Authority(folder, "authority"), Authority(folder, "stranger")
    plain, controller, ssl, sasl = ports.free(4)
    kafka = Kafka(folder / "kafka", plain, controller)
    listeners = f"PLAINTEXT://127.0.0.1:{plain},SSL://{HOST}:{ssl},SASL_SSL://{HOST}:{sasl}"
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    kafka.overrides = {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(authority.server(HOST)),
        "listener.name.sasl_ssl.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": f'{login} user_{ACCOUNT}="{PASSWORD}";',
    }
    try:
        kafka.start()
        yield Guarded(kafka, {"PLAINTEXT": plain, "SSL": ssl, "SASL_SSL": sasl}, authority, stranger)
    finally:
        kafka.stop()


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
async def test_a_broker_with_a_certificate_of_the_given_authority_is_spoken_to(
    guarded: Guarded, protocol: Protocol
) -> None:
    async with Admin(guarded.broker(protocol)) as admin:
        assert isinstance(await admin.topics(), list)


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
async def test_one_that_somebody_else_has_signed_is_not(
    guarded: Guarded, protocol: Protocol, caplog: pytest.LogCaptureFixture
) -> None:
    await _refused(guarded.broker(protocol, authority=guarded.stranger), "CERTIFICATE_VERIFY_FAILED", caplog)


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
async def test_nor_one_whose_certificate_has_another_name(
    guarded: Guarded, protocol: Protocol, caplog: pytest.LogCaptureFixture
) -> None:
    await _refused(guarded.broker(protocol, host="127.0.0.1"), "IP address mismatch", caplog)


async def _refused(broker: Broker, why: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "aiokafka")
    with pytest.raises(Unavailable):
        async with Admin(broker):
            pass
    assert why in caplog.text


async def test_a_service_does_its_work_over_tls(
    guarded: Guarded, run_service: RunService, tmp_path: Path, prefix: str
) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{guarded.ports['SASL_SSL']}",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "PLAIN",
        "KAFKA_SASL_USERNAME": ACCOUNT,
        "KAFKA_SASL_PASSWORD_FILE": str(password),
        "KAFKA_SSL_CA_FILE": str(guarded.authority.file),
        "TOPIC_PREFIX": prefix,
    }
    log = tmp_path / f"{INIT}.log"
    made = Child(INIT, [sys.executable, "-m", INIT], log, environment)
    assert await asyncio.to_thread(made.wait, 60) == 0, log.read_text()
    await asyncio.to_thread(run_service, "notifications_service", **environment)
    plain, paid = guarded.kafka.bootstrap_servers, json.loads(PAID.read_text())
    headers = [(name, value.encode()) for name, value in paid["headers"].items()]
    await publish(plain, f"{prefix}notifications", paid["key"].encode(), paid["value"].encode(), headers)
    lines = await until_records(lambda: committed_records(plain, f"{prefix}logs"), bool)
    assert [line["event"] for line in lines_of(lines)] == ["payments.accepted"]
