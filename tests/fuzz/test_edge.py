"""Whatever comes in over HTTP, the answer is one that is described, and what follows from it stays one plain line.

All of it is thrown at one running shop. The last test looks at what that shop has told.
"""

import asyncio
import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import Case
from websockets.sync.client import connect

from contracts.topics import ALL as TOPICS
from dev.services import STARTED
from tests.flows.shops import OpenShop
from tests.flows.topics import until_records
from tests.fuzz import bodies
from tests.fuzz.answers import is_sound
from tests.fuzz.budget import cases, some, tried
from tests.fuzz.injections import Injection, in_fields, in_headers, in_paths
from tests.fuzz.lines import is_one_plain_line
from tests.fuzz.operations import Described, all_operations, call
from tests.fuzz.wire import ask

SERVICES = [kind.name for kind in STARTED]
MINUTES = 5 * 60.0  # for what the long dose left in the outboxes


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # no proxy of this machine's
        yield session


@pytest.mark.parametrize("described", list(all_operations()))
def test_every_answer_is_described(shop: OpenShop, session: requests.Session, described: Described) -> None:
    headers = bearer_of_somebody(shop, session) if described.asks_who else {}

    @given(described.cases(shop.prefix), st.booleans())
    @budget_of(described)
    def holds(case: Case, known: bool) -> None:
        tried(f"schemathesis, {described}")
        call(described, case, shop.url(described.service), session, headers if known else {})

    holds()


def budget_of(described: Described) -> object:
    if described.is_plain:
        return cases(short=2, long=25)
    return cases(short=25, long=1000) if described.has_body else cases(short=5, long=200)


def bearer_of_somebody(shop: OpenShop, session: requests.Session) -> dict[str, str]:
    somebody = {"username": f"u{uuid4().hex[:12]}", "password": "secret"}
    session.post(f"{shop.users}/register", data=somebody).raise_for_status()
    token = session.post(f"{shop.users}/login", data=somebody).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(("service", "path"), list(bodies.GOOD))
def test_every_body_gets_a_sound_answer(shop: OpenShop, service: str, path: str) -> None:
    @given(bodies.requests(path, bodies.GOOD[service, path]))
    @cases(short=40, long=750)
    def holds(request: bodies.Request) -> None:
        tried(f"bodies, {service} POST {path}")
        answer = ask(shop.url(service), request)
        is_sound(service, answer.status, answer.headers, answer.body)

    holds()


@pytest.mark.parametrize("service", SERVICES)
def test_a_hostile_path_or_query_is_refused_or_harmless(shop: OpenShop, service: str) -> None:
    for injection in some(in_paths(), each=5):
        if injection.service == service:
            answer_is_sound(shop, injection)


@pytest.mark.parametrize("service", SERVICES)
def test_a_hostile_header_is_refused_or_harmless(shop: OpenShop, service: str) -> None:
    for injection in some(in_headers(), each=5):
        if injection.service == service:
            answer_is_sound(shop, injection)


def answer_is_sound(shop: OpenShop, injection: Injection) -> int:
    tried(f"injections, {injection.service}")
    answer = ask(shop.url(injection.service), injection.request)
    note = f"{injection.what} in {injection.where}: {answer.head!r} {answer.body[:300]!r}"
    assert "x-injected" not in answer.headers, note
    assert is_one_plain_line(answer.head.decode("latin-1").replace("\r\n", " ")), note
    try:
        is_sound(injection.service, answer.status, answer.headers, answer.body)
    except AssertionError as error:
        raise AssertionError(note) from error
    return answer.status


@pytest.mark.parametrize("path", [path for _, path in bodies.GOOD])
def test_a_hostile_field_is_refused_unless_it_can_be_printed(shop: OpenShop, path: str) -> None:
    """A password may be anything: it goes nowhere."""
    for injection in some(in_fields(), each=5):
        if injection.where.startswith(f"{path} "):
            accepted = answer_is_sound(shop, injection) < 300
            assert not accepted or injection.text.isprintable() or "password" in injection.where, injection


async def test_what_followed_from_all_this_are_plain_lines_and_no_dead_letters(shop: OpenShop) -> None:
    """On the topic, on the WebSocket and in the logs of the processes; and no text of somebody's became a member."""
    lines = await told(shop)
    assert all(is_one_plain_line(line) for line in lines)
    assert {json.loads(line)["level"] for line in lines} <= {"INFO", "WARNING"}
    assert await asyncio.to_thread(frames, shop.websocket, len(lines)) == lines
    for topic in TOPICS:
        if topic.name.endswith(".dlq"):
            assert await shop.records(topic.name) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_process_has_logged_plain_lines_and_no_error(shop: OpenShop, service: str) -> None:
    logged = shop.services[service].log.read_bytes().removesuffix(b"\n").decode().split("\n")
    assert all(is_one_plain_line(line) for line in logged)
    assert not [line for line in logged if json.loads(line)["level"] in ("error", "critical", "ERROR")]


async def told(shop: OpenShop) -> list[str]:
    """All lines on `logs`, once there is one for each notification, that of a last payment too."""
    paid = requests.post(f"{shop.payments}/pay", timeout=20).json()["event_ids"][0]  # noqa: ASYNC210

    async def complete() -> bool:
        notified = await shop.records("notifications")
        return len(notified) == len(await shop.records("logs"))

    await until_records(
        lambda: shop.records("logs"),
        lambda found: any(paid in str(record.value) for record in found),
        MINUTES,
    )
    async with asyncio.timeout(MINUTES):
        while not await complete():
            await asyncio.sleep(0.2)
    return [record.value.decode() for record in await shop.records("logs")]


def frames(url: str, count: int) -> list[str]:
    with connect(f"{url}?from=earliest") as connection:
        return [str(connection.recv(timeout=20)) for _ in range(count)]
