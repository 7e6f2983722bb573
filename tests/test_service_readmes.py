"""What a service's README says is what its code does: settings, routes, topics and events."""

import re
from importlib import import_module

import pytest
from starlette.routing import Route

from contracts import EVENT_TYPES, ServiceMeasured
from contracts.topics import ALL as TOPICS
from dev.docs.tables import rows, services
from dev.paths import ROOT
from dev.services import STARTED
from http_edge.settings import variable_of
from tests.flows.settings_of import SETTINGS

COMPOSED = {kind.name: import_module(f"{kind.name}.app") for kind in STARTED}
# By the tables of the code. That each service reports itself is said once, in the README of the project.
PUBLISHES = {
    service.name: {kind.type for kind in service.publishes} - {ServiceMeasured.type} for service in services()
}
# A row for all notifications names a topic and no type.
CONSUMES = {
    name: {row.event.type for row in rows(app, SETTINGS[name]()) if hasattr(row.event, "type")}
    for name, app in COMPOSED.items()
}
# The documentation and what every service has are named without the method.
COMMON = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"}


def readme(service: str) -> str:
    return (ROOT / service / "README.md").read_text()


def section(service: str, name: str) -> str:
    """A paragraph that begins with **name**."""
    (found,) = re.findall(rf"^\*\*{name}\*\*(.*?)(?:\n\n|\Z)", readme(service), re.DOTALL | re.MULTILINE)
    return str(found)


def quoted(text: str) -> set[str]:
    return {word.removeprefix("GET ") for word in re.findall(r"`([^`]+)`", text)}


@pytest.mark.parametrize("service", SETTINGS)
def test_a_readme_has_25_lines_at_most(service: str) -> None:
    assert len(readme(service).splitlines()) <= 25


@pytest.mark.parametrize("service", SETTINGS)
def test_exactly_the_settings_are_named(service: str) -> None:
    settings = SETTINGS[service]
    named = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", section(service, "Settings")))
    assert named == {variable_of(settings, field) for field in settings.model_fields}


@pytest.mark.parametrize("service", COMPOSED)
def test_exactly_the_routes_are_named(service: str) -> None:
    app = COMPOSED[service].build(SETTINGS[service]())
    served = {
        path if "POST" not in (methods or ()) else f"POST {path}"
        for path, methods in ((route.path, route.methods) for route in app.routes if isinstance(route, Route))
    }
    assert quoted(section(service, "Routes")) - {"ws /"} == served
    assert served > COMMON


@pytest.mark.parametrize("service", PUBLISHES)
def test_exactly_the_events_are_named_and_on_which_topics(service: str) -> None:
    consumed, _, published = readme(service).partition("**Publishes**")
    for text, types in ((consumed, CONSUMES[service]), (published, PUBLISHES[service])):
        assert quoted(text) & set(EVENT_TYPES) == types
        topics = {EVENT_TYPES[kind].topic.name for kind in types}
        assert topics <= quoted(text) & {topic.name for topic in TOPICS}


def test_kafka_init_names_the_topics_that_it_creates() -> None:
    assert quoted(section("kafka_init", "Creates")) == {topic.name for topic in TOPICS}
