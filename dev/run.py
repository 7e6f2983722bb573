"""One run of the whole shop: started in order, watched, stopped in reverse order.

Kafka and MongoDB together, then kafka_init, then the services together. It waits on readiness, never on a pause.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from dev import leftovers, logfiles
from dev.child import Child
from dev.errors import NotReady
from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.plan import Plan
from dev.record import Ident, Record, Running, forget
from dev.scale import replicas, service_of
from dev.security import Security
from dev.server import READY_WITHIN, Server
from dev.services import INIT, STARTED, Kind, Service
from dev.supervisor import Supervised
from dev.waiting import PAUSE

LOOK = 0.1  # seconds between two looks at the children
SAY_AFTER = 5.0  # seconds of waiting before a person is told what for
Say = Callable[[str], None]


class Stopped(Exception):
    """A signal came while the shop was being started."""


class Run:
    """The children of one launcher. Single-threaded: what happens to them happens in `start`, `watch` and `stop`."""

    def __init__(self, plan: Plan, say: Say) -> None:
        self.plan, self.say = plan, say
        self.stopping = threading.Event()
        self.supervised: list[Supervised] = []
        self.security = self._security() if plan.secure else None
        self.kafka = Kafka(
            plan.state / "kafka",
            plan.ports["kafka"],
            plan.ports["controller"],
            self._log("kafka"),
            self.security.guard() if self.security else None,
        )
        accounts = self.security.database_accounts() if self.security else ()
        self.mongo = Mongo(plan.state / "mongo", plan.ports["mongo"], self._log("mongo"), accounts)
        self.services = [self._service(kind, name) for kind in STARTED for name in replicas(kind, plan.scale)]
        self.record = Record(
            launcher=Ident.of(os.getpid()),
            bootstrap_servers=self.environment["KAFKA_BOOTSTRAP_SERVERS"],
            mongo_uri=self.environment["MONGO_URI"],
            kafka_password=str(self.kafka.guard.password) if self.kafka.guard else "",
            urls={service.name: service.url for service in self.services},
        )

    @property
    def environment(self) -> dict[str, str]:
        """What every child is told; of ports those of the first replicas."""
        ports = {kind.port_variable: str(self.plan.ports[kind.name]) for kind in STARTED}
        own = ports | self._addresses()
        foreign = {name: value for name, value in self.plan.settings.items() if value and name not in ports}
        return own | foreign

    def _addresses(self) -> dict[str, str]:
        """Where the servers are, and for people's browsers: whose page it is, and what it may call."""
        at = {kind.name: f"localhost:{self.plan.ports[kind.name]}" for kind in STARTED}
        pages = [self.plan.ports[name] for name in self.plan.ports if service_of(name) == "logs_service"]
        names = [f"http://{host}:{port}" for port in pages for host in ("localhost", "127.0.0.1")]
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "MONGO_URI": self.mongo.uri,
            "CORS_ORIGINS": ",".join(names),
            "LOGS_USERS_URL": f"http://{at['users_service']}",
            "LOGS_PAYMENTS_URL": f"http://{at['payments_service']}",
        }

    def start(self) -> None:
        """Returns when everything is ready; NotReady says what is not."""
        self._write()
        logfiles.start_new(self.plan.logs)
        servers: list[Server] = [self.kafka] if self.plan.own_kafka else []
        servers += [self.mongo] if self.plan.own_mongo else []
        self._start_together(servers)
        self._make_topics()
        self._start_together(self.services)

    def say_ready(self) -> None:
        """To whoever reads the record."""
        self.record.ready = True
        self._write()

    def watch(self) -> None:
        """Until a signal comes: start again what dies, keep the logs small."""
        while not self.stopping.wait(LOOK):
            for supervised in self.supervised:
                restarts = supervised.restarts
                happened = supervised.look(time.monotonic())
                if happened:
                    self.say(happened)
                if happened or supervised.restarts != restarts:
                    self._write()
            logfiles.keep_small(self.plan.logs)

    def stop(self) -> None:
        """In reverse order, bounded; leaves no process. A second signal does not cut it short."""
        self.stop_on_signals()
        leftovers.stop(self.record)
        forget(self.plan.state)

    def stop_on_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())

    def _service(self, kind: Kind, name: str) -> Service:
        port, count = self.plan.ports[name], self.plan.scale.get(kind.name)
        own = {kind.port_variable: str(port)} | ({kind.replicas_variable: str(count)} if count else {})
        told = self.security.environment(kind) if self.security else {}
        return Service(kind.name, port, self._log(name), self.environment | own | told, name)

    def _security(self) -> Security:
        return Security(
            self.plan.state, self.plan.settings, self.plan.ports["mongo"], own_mongo=self.plan.own_mongo
        )

    def _start_together(self, servers: Sequence[Server]) -> None:
        for server in servers:
            server.spawn()
            self.supervised.append(Supervised(server, time.monotonic()))
            self._write()
        self._wait(servers)

    def _wait(self, servers: Sequence[Server]) -> None:
        begun = said = time.monotonic()
        waiting = list(servers)
        while waiting := [server for server in waiting if not server.answers()]:
            self._check(waiting, time.monotonic() - begun)
            if time.monotonic() - said > SAY_AFTER:
                said = time.monotonic()
                self.say(f"waiting for {_named(waiting)} ({said - begun:.0f} s)")

    def _check(self, waiting: Iterable[Server], waited: float) -> None:
        if self.stopping.wait(PAUSE):
            raise Stopped
        for server in waiting:
            if not server.running.alive or waited > READY_WITHIN:
                server.wait_ready(within=0)  # says why not

    def _make_topics(self) -> None:
        told = self.security.environment_of_init() if self.security else {}
        child = Child(INIT, [sys.executable, "-m", INIT], self._log(INIT), self.environment | told)
        self.record.processes[INIT] = Running(pid=child.pid, created=child.created)
        self._write()
        end = time.monotonic() + READY_WITHIN
        while child.alive and time.monotonic() < end and not self.stopping.wait(PAUSE):
            pass
        if child.alive:
            child.stop()
        if self.stopping.is_set():
            raise Stopped
        if child.exit_code:
            raise NotReady(
                f"{INIT} ended with {child.exit_code}: {child.last_lines(1)} (all of it: {child.log})"
            )
        del self.record.processes[INIT]

    def _log(self, name: str) -> Path:
        return self.plan.logs / f"{name}.log"

    def _write(self) -> None:
        """Before anybody waits for a process that was just started: who finds it later must know it."""
        for one in self.supervised:
            child = one.server.running
            self.record.processes[one.server.name] = Running(
                pid=child.pid, created=child.created, restarts=one.restarts, problem=one.problem
            )
        self.record.write(self.plan.state)


def _named(servers: Iterable[Server]) -> str:
    return ", ".join(f"{server.name}: {server.missing()}" for server in servers)
