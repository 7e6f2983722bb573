"""A shop of replicas, started by the command: who does what, and what is lost when some of them die. Nothing is."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus import Broker
from event_bus.kafka import Admin
from tests.dev.conftest import Command, _on, living
from tests.event_bus.cluster import until
from tests.flows.watching import Watcher, watching

SERVICES = ("payments_service", "inventories_service", "notifications_service", "logs_service")
CONSUMERS = SERVICES[:-1]
PAYMENTS, AT_ONCE = 300, 8
PAID = "payments.accepted"


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[Command]:
    """Two of each, but for users. At its end the launcher is killed; `down` finds the replicas all the same."""
    command = Command(tmp_path_factory.mktemp("scaled") / "state", _on(kafka, mongo))
    try:
        command.up(*(f"--scale={name.replace('_', '-')}=2" for name in SERVICES))
        yield command
        left = command.kill_launcher()
        assert {f"{name}-2" for name in SERVICES} <= set(living(left))
        assert command("down").returncode == 0
        assert living(left) == []
    finally:
        command.clean()


def replicas(command: Command, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = command.status()["services"][name]["replicas"]
    return found


def test_each_replica_is_shown_with_its_address_and_knows_how_many_there_are(scaled: Command) -> None:
    first, second = replicas(scaled, "payments_service")
    assert [first["name"], second["name"]] == ["payments_service", "payments_service-2"]
    assert first["url"].endswith(f":{scaled.first_port + 2}")
    addresses = f"{first['url']}, {second['url']}".replace("127.0.0.1", "localhost")
    assert addresses in (scaled.state / "logs" / "launcher.log").read_text()
    assert [told(one["pid"], "PAYMENTS_REPLICAS") for one in (first, second)] == ["2", "2"]
    assert "replicas" not in scaled.status()["services"]["users_service"]
    assert "payments_service-2" in scaled("status").stdout
    lines = scaled("logs", "payments_service").stdout.splitlines()
    assert {line.partition(" ")[0] for line in lines} == {"payments_service", "payments_service-2"}


def told(pid: int, variable: str) -> str:
    return psutil.Process(pid).environ()[variable]


async def test_replicas_share_the_partitions_and_none_is_with_two(scaled: Command) -> None:
    broker = Broker(scaled.environment["KAFKA_BOOTSTRAP_SERVERS"], scaled.environment["TOPIC_PREFIX"])
    async with Admin(broker) as admin:
        for name in CONSUMERS:
            shares = [len(member.partitions) for member in (await admin.group(name)).members]
            assert shares == [3, 3], name


async def test_replicas_die_others_take_over_and_each_payment_is_one_line_on_both_hubs(
    scaled: Command,
) -> None:
    """Restarted within three seconds a relay would take its own lease back; so it hangs first, and dies then."""
    urls = [one["url"] for one in replicas(scaled, "payments_service")]
    async with httpx.AsyncClient(timeout=20) as http, hubs(scaled) as watchers:
        promised = await pay(http, urls, PAYMENTS // 3)
        relay, idle = await relaying_and_waiting(http, scaled)
        assert not fenced(scaled, relay), "the one that waits has started its producers"
        others = [replicas(scaled, "inventories_service")[0], replicas(scaled, "notifications_service")[1]]
        os.kill(relay["pid"], signal.SIGSTOP)
        for one in others:
            os.kill(one["pid"], signal.SIGKILL)
        promised |= await pay(http, [idle["url"]], PAYMENTS // 3)
        await until(partial(published, http, idle["url"]))
        os.kill(relay["pid"], signal.SIGKILL)
        promised |= await pay(http, urls, PAYMENTS // 3)
        for watcher in watchers:
            await watcher.until(lambda lines: promised <= {line["event_id"] for line in lines}, 60)
            counted = Counter(line["event_id"] for line in await watcher.rest() if line["event"] == PAID)
            assert counted == Counter(promised)
    await until(lambda: asyncio.to_thread(all_are_back, scaled, [relay, *others]), 20)


@asynccontextmanager
async def hubs(command: Command) -> AsyncIterator[list[Watcher]]:
    first, second = (one["url"].replace("http", "ws") for one in replicas(command, "logs_service"))
    async with watching(f"{first}/") as one, watching(f"{second}/") as other:
        yield [one, other]


async def pay(http: httpx.AsyncClient, urls: list[str], count: int) -> set[str]:
    """The event ids of so many payments, each asked of the next replica until one of them takes it."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def insist(number: int) -> str:
        key = {"Idempotency-Key": uuid4().hex}
        async with turns, asyncio.timeout(30):
            while True:
                number += 1
                try:
                    answer = await http.post(f"{urls[number % len(urls)]}/pay", headers=key)
                    if answer.is_success:
                        return str(answer.json()["event_ids"][0])
                except httpx.TransportError:
                    await asyncio.sleep(0.1)

    return set(await asyncio.gather(*map(insist, range(count))))


async def relaying_and_waiting(
    http: httpx.AsyncClient, command: Command
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The replicas of payments: who publishes, and who does not, though both were asked to accept payments."""
    found = replicas(command, "payments_service")
    counts = [await published(http, one["url"]) for one in found]
    assert sorted(count > 0 for count in counts) == [False, True], counts
    return (found[0], found[1]) if counts[0] else (found[1], found[0])


async def published(http: httpx.AsyncClient, url: str) -> float:
    metrics = (await http.get(f"{url}/metrics")).text
    samples = [sample for family in text_string_to_metric_families(metrics) for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == "relay_events_published_total")


def fenced(command: Command, replica: dict[str, Any]) -> bool:
    """Whether it had to give way to another one with its transactional id."""
    said = command("logs", replica["name"]).stdout
    return any(name in said for name in ("ProducerFenced", "InvalidProducerEpoch", "IllegalOperation"))


def all_are_back(command: Command, killed: list[dict[str, Any]]) -> bool:
    """Started again by the launcher, each once, and everything is ready."""
    status = command.status()
    there = {one["name"]: one for name in SERVICES for one in status["services"][name]["replicas"]}
    return bool(status["ready"]) and all(there[one["name"]]["restarts"] == 1 for one in killed)
