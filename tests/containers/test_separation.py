"""A service reaches Kafka and its own database. Another service it can't even call."""

import pytest

from dev.services import KINDS
from tests.containers.stack import SERVICES, Stack

DATABASE = ("users-service-database", 27017)
WITH_DATABASE = {kind.name.replace("_", "-") for kind in KINDS if kind.database_variable}


def reached(shop: Stack, service: str, targets: set[str]) -> set[str]:
    """Which of these HOST/PORT take a connection from inside the service's container."""
    # One second each, all at once: a connection inside one machine takes a millisecond.
    tries = " ".join(
        f"(timeout 1 bash -c 'exec 3<>/dev/tcp/{target}' 2>/dev/null && echo {target}) &"
        for target in targets
    )
    return set(shop.shell(service, f"{tries} wait").split())


def addresses(shop: Stack, service: str) -> set[str]:
    return {network["IPAddress"] for network in shop.inspect(service)["NetworkSettings"]["Networks"].values()}


def places(shop: Stack, service: str, port: int) -> set[str]:
    """By name and by address."""
    return {f"{host}/{port}" for host in {service, *addresses(shop, service)}}


def gateways(shop: Stack, service: str) -> set[str]:
    """This machine, as the container sees it."""
    return {
        network["Gateway"] for network in shop.inspect(service)["NetworkSettings"]["Networks"].values()
    } - {""}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_no_other_one(shop: Stack, service: str) -> None:
    others = {name: port for name, port in SERVICES.items() if name != service}
    targets = set().union(*(places(shop, name, port) for name, port in others.items()))
    published = {f"{host}/{port}" for host in gateways(shop, service) for port in shop.ports.values()}
    assert len(targets) >= 2 * len(others)
    assert published
    assert reached(shop, service, targets | published | {"kafka/9092"}) == {"kafka/9092"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_itself_by_the_same_probe(shop: Stack, service: str) -> None:
    own = places(shop, service, SERVICES[service])
    assert reached(shop, service, own) == own


@pytest.mark.parametrize("service", SERVICES)
def test_only_a_service_that_keeps_something_reaches_the_database(shop: Stack, service: str) -> None:
    by_name = f"{DATABASE[0]}/{DATABASE[1]}"
    assert (by_name in reached(shop, service, places(shop, *DATABASE))) == (service in WITH_DATABASE)
    if service not in WITH_DATABASE:
        assert reached(shop, service, places(shop, *DATABASE)) == set()
