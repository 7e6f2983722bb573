"""The tables as the generator reads them: whole, and the same as what else says who reads and writes what."""

import re
from collections.abc import Sequence

import pytest

from contracts import EVENT_TYPES, Event
from contracts.topics import ALL, CONSUMERS, METRICS
from dev.docs.released import releases
from dev.docs.schemas import TOPIC
from dev.docs.tables import Service, readers_of, writers_of
from dev.paths import ROOT
from dev.services import KINDS

MAP = (ROOT / "logs_service" / "page" / "map.js").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
RELEASED = {schema[TOPIC] for release in releases() for schema in release.values()}
# Not on the map of the live page: what services tell each other about themselves, and what nobody could handle.
NOT_ON_THE_MAP = {"identity_keys", "identities", "metrics"}


@pytest.mark.parametrize("kind", EVENT_TYPES.values(), ids=lambda kind: kind.type)
def test_every_event_is_published_by_somebody(services: Sequence[Service], kind: type[Event]) -> None:
    assert writers_of(kind, services)


@pytest.mark.parametrize(
    "topic", [topic for topic in ALL if topic.name in RELEASED], ids=lambda topic: topic.name
)
def test_every_topic_is_read_by_somebody(services: Sequence[Service], topic: object) -> None:
    """A new one waits for its readers until its events are released."""
    assert any(topic in service.reads_from for service in services)


def test_whoever_has_a_table_may_meet_a_dead_letter(services: Sequence[Service]) -> None:
    assert {service.name for service in services if service.consumes} == set(CONSUMERS)


def test_every_service_reports_itself(services: Sequence[Service]) -> None:
    assert all(METRICS in service.writes_to for service in services)


def test_a_row_for_all_notifications_stands_for_each_of_them(services: Sequence[Service]) -> None:
    assert readers_of(EVENT_TYPES["stock.ran_low.v1"], services) == ["notifications_service"]


def arrows(services: Sequence[Service]) -> set[tuple[str, str]]:
    drawn = {topic for topic in ALL if not topic.holds_inputs and topic.name not in NOT_ON_THE_MAP}
    written = {(one.name, topic.name) for one in services for topic in one.writes_to if topic in drawn}
    return written | {
        (topic.name, one.name) for one in services for topic in one.reads_from if topic in drawn
    }


def test_the_map_of_the_live_page_has_the_arrows_of_the_tables(services: Sequence[Service]) -> None:
    drawn = set(re.findall(r'{ from: "(\w+)", to: "(\w+)"', MAP))
    assert {arrow for arrow in drawn if "people" not in arrow} == arrows(services)


def test_the_map_of_the_live_page_has_the_services_and_topics_of_the_tables(
    services: Sequence[Service],
) -> None:
    assert set(re.findall(r"^  (\w+): {.*service: true", MAP, re.MULTILINE)) == {one.name for one in services}
    named = set(re.findall(r"^  (\w+): {.*topic: true", MAP, re.MULTILINE))
    assert named == {topic.name for topic in ALL if not topic.holds_inputs} - NOT_ON_THE_MAP


def test_what_the_map_takes_for_asked_by_people_is_caused_by_a_call(services: Sequence[Service]) -> None:
    asked = re.search(r"ASKED = new Set\(\[(.*?)\]\)", MAP)
    assert asked
    by_calls = {
        kind.type
        for one in services
        for cause in one.causes
        if cause.words.startswith("POST /")
        for kind in cause.publishes
    }
    assert {f"{name}.v1" for name in re.findall(r'"([\w.]+)"', asked[1])} <= by_calls


def row_of_readme(name: str) -> list[str]:
    """The cells: the last two are what it consumes and publishes."""
    (line,) = [line for line in README.splitlines() if line.startswith(f"| [{name}](")]
    return line.strip("| ").split(" | ")


@pytest.mark.parametrize("name", [kind.name for kind in KINDS if kind.name != "logs_service"])
def test_the_readme_says_of_each_service_what_its_table_says(services: Sequence[Service], name: str) -> None:
    """But for what is said once: all report on `metrics`, and dead letters are a table further down."""
    (service,) = [one for one in services if one.name == name]
    consumes, publishes = (set(re.findall(r"`(\w+)`", cell)) for cell in row_of_readme(name)[-2:])
    assert consumes == {topic.name for topic in service.reads_from}
    assert publishes == {topic.name for topic in service.writes_to if not topic.holds_inputs} - {"metrics"}
