"""The way from the services to Kafka and to the database, where it can be made to fail: a proxy before each.

Kafka tells its clients where to come back to. So it has a listener of its own for those who come by the proxy, which
names the proxy; the audit asks the usual one and meets no fault.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Self

from dev import ports
from dev.kafka import Kafka
from dev.mongo import Mongo
from proofs.frames import frames
from proofs.proxy import Proxy


class Network:
    """A context manager. Made before Kafka starts, whose settings it changes."""

    def __init__(self, kafka: Kafka, mongo: Mongo) -> None:
        behind, before_kafka, before_mongo = ports.free(3)
        self.kafka = Proxy(before_kafka, behind, frames)
        self.mongo = Proxy(before_mongo, mongo.port)
        self.addresses: Mapping[str, str] = {
            "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{before_kafka}",
            "MONGO_URI": mongo.uri.replace(str(mongo.port), str(before_mongo)),
        }
        kafka.overrides |= _listeners(kafka, behind, before_kafka)

    async def __aenter__(self) -> Self:
        self._opened = AsyncExitStack()
        self.mend()
        for proxy in (self.kafka, self.mongo):
            await self._opened.enter_async_context(proxy)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    def mend(self) -> None:
        self.kafka.mend()
        self.mongo.mend()


def _listeners(kafka: Kafka, behind: int, before: int) -> Mapping[str, str]:
    usual = f"PLAINTEXT://127.0.0.1:{kafka.port}"
    controller = f"CONTROLLER://127.0.0.1:{kafka.controller_port}"
    return {
        "listeners": f"{usual},PROXIED://127.0.0.1:{behind},{controller}",
        "advertised.listeners": f"{usual},PROXIED://127.0.0.1:{before}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }
