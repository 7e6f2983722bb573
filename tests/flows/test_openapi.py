"""What each service says about itself is what it serves."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import httpx2 as httpx
import pytest

from dev.services import KINDS
from tests.flows.settings_of import SETTINGS
from tests.flows.shops import OpenShop

EVERYWHERE = {("/", "get"), ("/healthz", "get"), ("/readyz", "get")}


def references(part: object) -> Iterator[str]:
    """Every `$ref` in a description."""
    if isinstance(part, dict):
        yield from (str(target) for name, target in part.items() if name == "$ref")
    for below in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from references(below)


def routes_of(name: str) -> set[tuple[str, str]]:
    """By its table; tests/test_service_readmes.py holds that to its README."""
    app = import_module(f"{name}.app").build(SETTINGS[name]())
    return {(one.path, one.method.lower()) for one in app.state.operations}


def known(spec: dict[str, Any]) -> set[str]:
    return {f"#/components/schemas/{name}" for name in spec["components"]["schemas"]}


@pytest.mark.parametrize("name", [kind.name for kind in KINDS])
async def test_the_description_is_valid_and_lists_exactly_the_routes(
    shared: OpenShop, http: httpx.AsyncClient, name: str
) -> None:
    spec: dict[str, Any] = (await http.get(f"{shared.url(name)}/openapi.json")).json()
    assert spec["openapi"] == "3.1.0"
    assert all(reference in known(spec) for reference in references(spec))
    operations = [operation for methods in spec["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert all(answer["description"] for answer in operation["responses"].values())
        assert any(status.startswith("2") for status in operation["responses"])
    listed = {(path, method) for path, methods in spec["paths"].items() for method in methods}
    assert listed == routes_of(name) | EVERYWHERE
    assert spec["info"]["title"] == name


@pytest.mark.parametrize("name", [kind.name for kind in KINDS])
async def test_every_service_tells_what_it_is_and_how_it_is(
    shared: OpenShop, http: httpx.AsyncClient, name: str
) -> None:
    about = (await http.get(shared.url(name))).json()
    assert about["service"] == name
    for link in about["links"].values():
        assert (await http.get(f"{shared.url(name)}{link}")).status_code == 200
