"""docker-compose.yml, read: what can be told of it without Docker."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.kafka.properties import LOGGING, controller_properties, server_properties
from dev.paths import ROOT
from dev.services import KINDS
from http_edge.settings import variable_of
from tests.containers.stack import INIT, RUNNING, SERVICES
from tests.flows.settings_of import SETTINGS


def read(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return found


COMPOSE = read("docker-compose.yml")
CONTAINERS: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
ONE_OF_EACH: Mapping[str, Mapping[str, Any]] = read("docker-compose.override.yml")["services"]
PORTS_OF_ONE = {name: container["ports"][0].rpartition(":")[2] for name, container in ONE_OF_EACH.items()}
SEVERAL: Mapping[str, Mapping[str, Any]] = read("docker-compose.scale.yml")["services"]
# They serve nobody but who asks for health and metrics.
HEALTH_ALONE = {kind.name.replace("_", "-") for kind in KINDS if kind.shown[1] == "/readyz"}
DATA, CONTROLLER_PORT = Path("/var/lib/kafka/data"), 9093
# Where a container's broker is found is its own matter.
ADDRESSES = {"listeners", "advertised.listeners", "listener.security.protocol.map"}
ALL_LIMITS = 2048  # MB: half of a laptop of 4 GB; 1568 of them are taken, the services to come have the rest


def properties(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def folder(service: str) -> str:
    return service.replace("-", "_")


def test_the_broker_has_the_settings_of_the_embedded_one() -> None:
    given = CONTAINERS["kafka"]["environment"]
    there = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): str(value) for name, value in given.items()
    }
    expected = properties(server_properties(DATA, 9092, CONTROLLER_PORT))
    assert {name: there[name] for name in set(there) - ADDRESSES} == {
        name: expected[name] for name in set(expected) - ADDRESSES
    }


def test_a_killed_broker_is_fenced_with_the_settings_of_the_embedded_one() -> None:
    mounted = ROOT / "containers" / "kafka"
    assert (mounted / "controller.properties").read_text() == controller_properties(DATA, CONTROLLER_PORT)
    assert (mounted / "log4j2.xml").read_text() == LOGGING


@pytest.mark.parametrize("service", [*SERVICES, INIT])
def test_every_setting_reaches_its_service(service: str) -> None:
    settings = SETTINGS[folder(service)]
    known = {variable_of(settings, name) for name in settings.model_fields}
    of_the_machine = {name for name in known if name.endswith("_PORT")}  # inside, it is always the same
    assert set(CONTAINERS[service]["environment"]) == known - of_the_machine


def test_no_two_services_are_on_the_same_network() -> None:
    for service in SERVICES:
        for network in CONTAINERS[service]["networks"]:
            there = {name for name, container in CONTAINERS.items() if network in container["networks"]}
            assert there & {"kafka", "users-service-database"}
            assert len(there) == 2


def test_databases_are_reached_from_inside_only() -> None:
    assert "ports" not in CONTAINERS["users-service-database"]
    networks = CONTAINERS["users-service-database"]["networks"]
    assert all(COMPOSE["networks"][name] == {"internal": True} for name in networks)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_can_do_no_more_than_it_needs(name: str) -> None:
    container = CONTAINERS[name]
    assert container["init"]
    assert container["read_only"]
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["logging"]["options"]["max-size"]
    assert not {"privileged", "cap_add", "container_name", "network_mode", "pid"} & set(container)
    assert isinstance(container.get("command", []), list)  # without a shell that would keep the signals
    assert "build" in container or re.search(r":v?\d", container["image"])


@pytest.mark.parametrize("name", RUNNING)
def test_what_stays_has_a_health_check_and_is_started_again(name: str) -> None:
    assert CONTAINERS[name]["healthcheck"]["test"][0] == "CMD"
    assert CONTAINERS[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", [*SERVICES, "kafka-ui"])
def test_nothing_starts_before_the_topics_are_there(name: str) -> None:
    assert CONTAINERS[name]["depends_on"][INIT] == {"condition": "service_completed_successfully"}


def test_the_memory_of_all_containers_has_a_bound() -> None:
    limits = [container["mem_limit"] for container in CONTAINERS.values()]
    assert sum(int(limit.removesuffix("m")) for limit in limits) <= ALL_LIMITS


def test_every_port_is_on_loopback_and_can_be_changed() -> None:
    both = [*CONTAINERS.items(), *ONE_OF_EACH.items()]
    ports = {name: port for name, container in both for port in container.get("ports", [])}
    for name in HEALTH_ALONE:
        assert ports.pop(name) == f"127.0.0.1::{SERVICES[name]}"  # any free one, as there can be replicas
    assert set(ports) == {*SERVICES, "kafka", "kafka-ui"} - HEALTH_ALONE
    for name, port in ports.items():
        ((variable, default, inside),) = re.findall(r"^127\.0\.0\.1:\$\{([A-Z_]+):-(\d+)\}:(\d+)$", port)
        if name in SERVICES:
            assert (variable, default) == (variable_of(SETTINGS[folder(name)], "port"), inside)
        else:
            assert f"# {variable}={default}\n" in (ROOT / ".env.example").read_text()


def test_replicas_take_ports_of_ranges_in_which_nothing_else_is() -> None:
    taken = {int(inside) for inside in PORTS_OF_ONE.values()}
    assert set(SEVERAL) == set(ONE_OF_EACH)
    for name, container in SEVERAL.items():
        ((variable, first, last, inside),) = re.findall(
            r"^127\.0\.0\.1:\$\{([A-Z_]+):-(\d+)-(\d+)\}:(\d+)$", *container["ports"]
        )
        assert (variable, inside) == (f"{variable_of(SETTINGS[folder(name)], 'port')}S", PORTS_OF_ONE[name])
        wanted = set(range(int(first), int(last) + 1))
        assert len(wanted) == 10
        assert not wanted & taken
        taken |= wanted


def test_the_page_of_a_scaled_shop_calls_the_first_of_each() -> None:
    for variable, name in (("LOGS_USERS_URL", "users-service"), ("LOGS_PAYMENTS_URL", "payments-service")):
        (first,) = re.findall(r":-(\d+)-", *SEVERAL[name]["ports"])
        given = SEVERAL["logs-service"]["environment"][variable]
        assert given == f"${{{variable}:-http://localhost:{first}}}"
