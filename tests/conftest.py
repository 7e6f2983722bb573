"""What every test may ask for: a real Kafka, a real database, services as processes, names of the test's own.

Everything is started when it is first asked for, so that a test of plain rules needs no Java.
"""

import signal
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import pytest

from dev import ports
from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.server import Server
from dev.services import INIT, KINDS, Service
from dev.testing import LONGEST
from tests.forked import Forked, ForkedService

Environment = dict[str, str]
RunService = Callable[..., Service]
S = TypeVar("S", bound=Server)

_processes = pytest.StashKey[list[tuple[str, Path]]]()  # the logs of the processes that a test started


def pytest_configure() -> None:
    """A run that is told to end stops what it started, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first; all else stays in its order."""
    place = {file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One broker for the whole run. A test that stops or freezes one takes `own_kafka`."""
    yield from _running(_kafka(tmp_path_factory.mktemp("kafka")))


@pytest.fixture(scope="session")
def mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongo]:
    """One database server for the whole run. A test that stops or freezes one takes `own_mongo`."""
    yield from _running(_mongo(tmp_path_factory.mktemp("mongo")))


def _kafka(folder: Path) -> Kafka:
    port, controller_port = ports.free(2)
    return Kafka(folder, port, controller_port)


def _mongo(folder: Path) -> Mongo:
    (port,) = ports.free(1)
    return Mongo(folder, port)


def _running(server: S) -> Iterator[S]:
    try:
        server.start()
        yield server
    finally:
        _end(server)


def _end(server: Server) -> None:
    """At once: nobody reads again what it has, and in order it would write thousands of partitions to the disk."""
    if server.child:
        server.kill()


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Callable[[], Kafka]]:
    """Call it for a broker of this test alone, started and ready."""
    yield from _factory(lambda: _kafka(tmp_path / f"kafka-{uuid.uuid4().hex[:4]}"))


@pytest.fixture
def own_mongo(tmp_path: Path) -> Iterator[Callable[[], Mongo]]:
    """Call it for a database server of this test alone, started and ready."""
    yield from _factory(lambda: _mongo(tmp_path / f"mongo-{uuid.uuid4().hex[:4]}"))


def _factory(make: Callable[[], S]) -> Iterator[Callable[[], S]]:
    made: list[S] = []

    def start() -> S:
        server = make()
        made.append(server)
        server.start()
        return server

    yield start
    for server in made:
        _end(server)


@pytest.fixture
def prefix() -> str:
    """Goes before every topic, group and transactional id of this test; also before its database names."""
    return f"t{uuid.uuid4().hex[:8]}-"


@pytest.fixture
def environment(kafka: Kafka, mongo: Mongo, prefix: str) -> Environment:
    """The settings under which every process of this test runs: the shared servers, names and ports of its own."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "MONGO_URI": mongo.uri,
        "TOPIC_PREFIX": prefix,
        **{kind.database_variable: prefix + kind.name for kind in KINDS if kind.database_variable},
        "USERS_BCRYPT_COST": "4",  # the lowest: a test of anything else need not pay for the hash
        "LOG_FORMAT": "json",
    }


@pytest.fixture
def run_service(
    request: pytest.FixtureRequest, tmp_path: Path, environment: Environment
) -> Iterator[RunService]:
    """`run_service("users_service", SETTING="…")` starts one on a free port and waits until it is ready.

    With `ready=False` it does not wait. From a coroutine: `await asyncio.to_thread(run_service, "users_service")`.
    """
    started: list[Service] = []

    def run(name: str, /, *, ready: bool = True, **settings: str) -> Service:
        service = _service(name, tmp_path / f"{name}-{len(started)}.log", environment | settings)
        started.append(service)
        request.node.stash.setdefault(_processes, []).append((name, service.log))
        if ready:
            service.start()
        else:
            service.spawn()
        return service

    yield run
    for service in started:
        service.terminate()
    for service in started:
        service.stop()


def _service(name: str, log: Path, environment: Environment) -> Service:
    (port,) = ports.free(1)
    (variable,) = (kind.port_variable for kind in KINDS if kind.name == name)
    port = int(environment.get(variable, port))
    return ForkedService(name, port, log, environment | {variable: str(port)})


@pytest.fixture
def topics(request: pytest.FixtureRequest, tmp_path: Path, environment: Environment) -> Environment:
    """This test's topics, made by kafka_init. Gives the environment."""
    log = tmp_path / f"{INIT}.log"
    request.node.stash.setdefault(_processes, []).append((INIT, log))
    assert Forked(INIT, INIT, log, environment).wait(60) == 0
    return environment


@dataclass(frozen=True, slots=True)
class Shop:
    """The services of the story, of one test, ready. What else the shop has, a test starts that needs it."""

    users_service: Service
    payments_service: Service
    inventories_service: Service
    notifications_service: Service
    logs_service: Service

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.logs_service.port}/"


@pytest.fixture
def shop(topics: Environment, run_service: RunService) -> Shop:
    """Topics and these services, on this test's prefix and databases."""
    services = {field.name: run_service(field.name, ready=False) for field in fields(Shop)}
    for service in services.values():
        service.wait_ready()
    return Shop(**services)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed shows the end of the log of every process that it started."""
    report = yield
    if report.failed:
        for name, log in item.stash.get(_processes, []):
            text = log.read_text(errors="replace")[-5000:] if log.exists() else ""
            report.sections.append((f"log of {name}", text))
    return report
