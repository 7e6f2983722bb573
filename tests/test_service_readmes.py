"""What a service's README says is what its code does: settings, routes, topics and events."""

import re

import pytest
from starlette.routing import Route

import inventories_service.app
import kafka_browser.app
import logs_service.app
import notifications_service.app
import payments_service.app
import users_service.app
from contracts import EVENT_TYPES, ServiceMeasured
from contracts.topics import ALL as TOPICS
from dev.docs.tables import services
from dev.paths import ROOT
from http_edge.settings import variable_of
from tests.flows.settings_of import SETTINGS

BUILT = {
    "users_service": users_service.app.build,
    "payments_service": payments_service.app.build,
    "inventories_service": inventories_service.app.build,
    "notifications_service": notifications_service.app.build,
    "logs_service": logs_service.app.build,
    "kafka_browser": kafka_browser.app.build,
}
# By the tables of the code. That each service reports itself is said once, in the README of the project.
PUBLISHES = {
    service.name: {kind.type for kind in service.publishes} - {ServiceMeasured.type} for service in services()
}
CONSUMES = {
    "payments_service": {row.event.type for row in payments_service.app.CONSUMES},
    "inventories_service": {
        row.event.type
        for row in inventories_service.app.consumes(SETTINGS["inventories_service"]())  # type: ignore[arg-type]
    },
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


@pytest.mark.parametrize("service", BUILT)
def test_exactly_the_routes_are_named(service: str) -> None:
    app = BUILT[service](SETTINGS[service]())  # type: ignore[arg-type]
    served = {
        path if "POST" not in (methods or ()) else f"POST {path}"
        for path, methods in ((route.path, route.methods) for route in app.routes if isinstance(route, Route))
    }
    assert quoted(section(service, "Routes")) - {"ws /"} == served
    assert served > COMMON


@pytest.mark.parametrize("service", PUBLISHES)
def test_exactly_the_events_are_named_and_on_which_topics(service: str) -> None:
    consumed, _, published = readme(service).partition("**Publishes**")
    for text, types in ((consumed, CONSUMES.get(service, set())), (published, PUBLISHES[service])):
        assert quoted(text) & set(EVENT_TYPES) == types
        topics = {EVENT_TYPES[kind].topic.name for kind in types}
        assert topics <= quoted(text) & {topic.name for topic in TOPICS}


def test_kafka_init_names_the_topics_that_it_creates() -> None:
    assert quoted(section("kafka_init", "Creates")) == {topic.name for topic in TOPICS}
