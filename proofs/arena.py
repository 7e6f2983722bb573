"""A copy of the whole shop for one case: its own names on the broker and in the database, its own processes.

Who dies is started again at once, as the launcher of a shop would, until the arena is closed.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import contracts.topics
from dev import audit as books
from dev import ports
from dev.child import Child
from dev.committed import Committed, committed_records
from dev.errors import NotReady
from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.record import Ident, Record
from dev.services import INIT, KINDS, Service
from event_bus.crash_points import CrashPoint
from proofs.faults import Fault
from proofs.network import Network
from proofs.strikes import Orders

LOOK = 0.05  # seconds between two looks at the processes
ALL = tuple(kind.name for kind in KINDS)


class Mortal(Service):
    """A service that can be ordered to die. While it is held it is not started again."""

    def __init__(self, name: str, port: int, log: Path, environment: Mapping[str, str]) -> None:
        super().__init__(name, port, log, environment)
        self.orders = Orders(Path(environment["PROOFS_ORDERS"]), name)
        self.held = True
        self.exit_codes: list[int] = []

    def spawn(self) -> Child:
        self.child = Child(
            self.name, [sys.executable, "-m", "proofs.child", self.name], self.log, self.environment
        )
        return self.child

    def look(self) -> None:
        """Who has died is started again."""
        if not self.held and not self.running.alive:
            self.exit_codes.append(self.running.exit_code or 0)
            self.spawn()

    async def ready(self, within: float = 60.0) -> None:
        """NotReady when it is not by then."""
        try:
            async with asyncio.timeout(within):
                while not await asyncio.to_thread(self.answers):
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            last = self.running.last_lines(1)
            raise NotReady(
                f"{self.name} is not ready after {within:g} s: {self.missing()}; its last line: {last}"
            ) from None


@dataclass(frozen=True)
class Ground:
    """What all cases of one call share: a broker, a database server, a folder."""

    kafka: Kafka
    mongo: Mongo
    folder: Path
    network: Network

    @property
    def addresses(self) -> Mapping[str, str]:
        return {"KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers, "MONGO_URI": self.mongo.uri}

    async def mend(self) -> None:
        """Whatever a case left behind when it failed, and what it had changed."""
        self.network.mend()
        await asyncio.to_thread(self._mend_servers)

    def _mend_servers(self) -> None:
        for server in (self.kafka, self.mongo):
            server.thaw()
            if not server.running.alive:
                server.start()
        if not self.mongo.journaled:
            self.mongo.journaled = True
            self.mongo.restart()


class Arena:
    """A context manager. `settings` go to every process; `proxied`: they ask by way of the network."""

    def __init__(
        self, ground: Ground, name: str, without: str, settings: Mapping[str, str], proxied: bool = False
    ) -> None:
        self.ground, self.prefix, self.without = ground, f"{name}-", without
        self.network = ground.network
        self.folder = ground.folder / name
        self.folder.mkdir(parents=True)
        self.faults: list[Fault] = []
        self.services: dict[str, Mortal] = {}
        self.environment = {
            **(self.network.addresses if proxied else ground.addresses),
            "TOPIC_PREFIX": self.prefix,
            "USERS_DATABASE": f"{name}-users",
            "PAYMENTS_DATABASE": f"{name}-payments",
            "INVENTORIES_DATABASE": f"{name}-inventories",
            "USERS_BCRYPT_COST": "4",  # the lowest: what is proved here is not the hash
            "USERS_LOGIN_FAILURES_PER_ADDRESS": "0",  # no limit: everybody comes from one address
            "LOG_FORMAT": "json",
            "PROOFS_ORDERS": str(self.folder / "orders"),
            "PROOFS_WITHOUT": without,
            **settings,
        }
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        init = Child(INIT, [sys.executable, "-m", INIT], self.folder / f"{INIT}.log", self.environment)
        if await asyncio.to_thread(init.wait, 60):
            raise NotReady(f"{INIT} ended with {init.exit_code}: {init.last_lines(3)}")
        self._watch = asyncio.create_task(self._keep_alive())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watch:
            self._watch.cancel()
        for service in self.services.values():
            service.held = True
            service.terminate()
        await asyncio.gather(*(asyncio.to_thread(service.stop) for service in self.services.values()))

    async def start(self, *names: str) -> None:
        """These services, all of them ready."""
        for name in names:
            self.spawn(name)
        await asyncio.gather(*(self.services[name].ready() for name in names))

    def spawn(self, name: str, label: str = "", **settings: str) -> Mortal:
        """`label`: for a second process of the same service."""
        (kind,) = (kind for kind in KINDS if kind.name == name)
        (port,) = ports.free(1)
        label = label or name
        log = self.folder / f"{label}.log"
        service = Mortal(name, port, log, {**self.environment, **settings, kind.port_variable: str(port)})
        self.services[label] = service
        service.spawn()
        service.held = False
        return service

    async def retire(self, label: str) -> None:
        """Woken if it was frozen, asked to end, and not started again."""
        service = self.services.pop(label)
        service.held = True
        await asyncio.to_thread(service.stop)

    @property
    def urls(self) -> dict[str, str]:
        return {name: service.url for name, service in self.services.items()}

    @property
    def websocket(self) -> str:
        return self.services["logs_service"].url.replace("http", "ws") + "/"

    async def kill(self, name: str) -> None:
        """It is started again by whoever watches over the processes."""
        self.faults.append(Fault(time.time(), f"kill -9 {name}", name))
        await asyncio.to_thread(self.services[name].kill)

    async def died_at(self, name: str, point: CrashPoint, within: float = 30.0) -> bool:
        """Waits until it has carried out the order that it was given. False if it never came there."""
        orders = self.services[name].orders
        if await until(lambda: orders.was_obeyed(point), within):
            self.faults.append(Fault(time.time(), f"{name} at {point.name}", name, bit=True))
            return True
        orders.withdraw(point)
        return False

    async def topics(self) -> dict[str, list[Committed]]:
        """Every topic of the shop, as a reader of committed records sees it."""
        names = [topic.name for topic in contracts.topics.ALL]
        found: dict[str, list[Committed]] = {}
        for name in names:
            async with committed_records(
                self.ground.kafka.bootstrap_servers, [self.prefix + name]
            ) as records:
                found[name] = sorted(await records.new(), key=_place)
        return found

    async def books(self, within: float, excuses: Collection[str]) -> list[str]:
        """What `./shop audit` finds wrong with stock and money, but for these of its checks."""
        if "inventories_service" not in self.services:
            return []
        record = Record(
            launcher=Ident.of(1),
            bootstrap_servers=self.ground.kafka.bootstrap_servers,
            mongo_uri="",
            urls=self.urls,
        )
        try:
            report = await asyncio.to_thread(books.audit, record, self.prefix, within, excuses)
        except NotReady as error:
            return [str(error)]
        return [
            f"{finding.check}: {offender}" for finding in report.findings for offender in finding.offenders
        ]

    async def _keep_alive(self) -> None:
        while True:
            for service in self.services.values():
                service.look()
            await asyncio.sleep(LOOK)


def _place(record: Committed) -> tuple[int, int]:
    partition, offset = record.place.rpartition("-")[2].split("@")
    return int(partition), int(offset)


async def until(holds: Callable[[], bool], within: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while not holds():
                await asyncio.sleep(LOOK)
            return True
    return holds()
