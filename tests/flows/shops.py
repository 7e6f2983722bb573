"""A shop that the tests of a whole folder or file share: the services they need, and a look at every topic.

The fixtures of `tests/conftest.py` give each test a shop of its own; where tests do not disturb each other (names and
payments of their own) one is enough, and costs the seconds of its start once.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiokafka.structs import ConsumerRecord

from dev import ports
from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.services import INIT, KINDS, STARTED, Service
from tests.flows.topics import committed_records
from tests.forked import Forked, ForkedService

ALL = tuple(kind.name for kind in KINDS)


class OpenShop:
    """Services of one prefix, on one broker and one database server."""

    def __init__(
        self, folder: Path, kafka: Kafka, mongo: Mongo, service: type[Service] = ForkedService
    ) -> None:
        self.folder, self.kafka, self.mongo, self._service = folder, kafka, mongo, service
        self.prefix = f"t{uuid.uuid4().hex[:8]}-"
        self.services: dict[str, Service] = {}
        self.environment = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "MONGO_URI": mongo.uri,
            "TOPIC_PREFIX": self.prefix,
            **{kind.database_variable: self.prefix + kind.name for kind in KINDS if kind.database_variable},
            "USERS_BCRYPT_COST": "4",  # the lowest: a test of anything else need not pay for the hash
            "LOG_FORMAT": "json",
        }

    def make_topics(self) -> None:
        log = self.folder / f"{INIT}.log"
        assert Forked(INIT, INIT, log, self.environment).wait(60) == 0, log.read_text()

    def spawn(self, name: str, /, label: str = "", **settings: str) -> Service:
        """A process of a service; it is not waited for. `label`: where there are several of one service."""
        (variable,) = (kind.port_variable for kind in STARTED if kind.name == name)
        (port,) = ports.free(1)
        log = self.folder / f"{label or name}.log"
        service = self._service(name, port, log, {**self.environment, **settings, variable: str(port)})
        self.services[label or name] = service
        service.spawn()
        return service

    def url(self, name: str) -> str:
        return self.services[name].url

    @property
    def users(self) -> str:
        return self.url("users_service")

    @property
    def payments(self) -> str:
        return self.url("payments_service")

    @property
    def inventories(self) -> str:
        return self.url("inventories_service")

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.services['logs_service'].port}/"

    async def records(self, topic: str) -> list[ConsumerRecord]:
        """All committed records of a topic (its name without the prefix), as they are now."""
        return await committed_records(self.kafka.bootstrap_servers, self.prefix + topic)

    def stop(self) -> None:
        """All at once: each takes a while to let go of its clients."""
        for service in self.services.values():
            service.terminate()
        for service in self.services.values():
            service.stop()


@contextmanager
def open_shop(folder: Path, kafka: Kafka, mongo: Mongo, *names: str, **settings: str) -> Iterator[OpenShop]:
    """Topics, and these services ready."""
    shop = OpenShop(folder, kafka, mongo)
    shop.environment.update(settings)
    try:
        shop.make_topics()
        for name in names:
            shop.spawn(name)
        for service in shop.services.values():
            service.wait_ready()
        yield shop
    finally:
        shop.stop()
