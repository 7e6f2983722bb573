"""One shop in containers for each compose there is; the slower tests are content with the first."""

from collections.abc import AsyncIterator, Iterator

import httpx2 as httpx
import pytest

from tests.containers import stack as stacks
from tests.containers.stack import RUNNING, Stack

_why_not = stacks.missing()
_composes = [pytest.param(_why_not, marks=pytest.mark.skip(_why_not))] if _why_not else stacks.present()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "stack" in metafunc.fixturenames:
        once = metafunc.definition.get_closest_marker("one_compose")
        chosen = _composes[:1] if once else _composes
        metafunc.parametrize("stack", chosen, indirect=True, scope="package")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "one_compose: runs under one compose only; it takes a while")


@pytest.fixture(scope="package")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Built, started, healthy; at the end nothing of it is left."""
    made = Stack(request.param, tmp_path_factory.mktemp("containers") / "shop")
    try:
        made.compose("up", "-d", "--build")
        made.until_healthy()
        yield made
    finally:
        made.compose("down", "-v", "--rmi", "local", "--remove-orphans")
    assert made.leftovers() == ""


@pytest.fixture
def shop(stack: Stack) -> Iterator[Stack]:
    """Healthy before the test and after it."""
    stack.until_healthy(*RUNNING)
    yield stack
    stack.until_healthy(*RUNNING)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20) as client:
        yield client
