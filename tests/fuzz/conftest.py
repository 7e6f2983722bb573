"""A running shop for all that is thrown at it, and what was thrown, in figures."""

from collections.abc import Iterator

import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.services import BROWSER
from tests.flows.shops import ALL, OpenShop, open_shop
from tests.fuzz.budget import TRIED


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    """Without the pauses after failed logins, behind which nothing else would be reached."""
    no_pauses = {"USERS_LOGIN_FAILURES_PER_ACCOUNT": "0", "USERS_LOGIN_FAILURES_PER_ADDRESS": "0"}
    with open_shop(tmp_path_factory.mktemp("shop"), kafka, mongo, *ALL, BROWSER.name, **no_pauses) as shop:
        yield shop


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TRIED:
        terminalreporter.section("cases tried")
        for target, count in sorted(TRIED.items()):
            terminalreporter.line(f"{count:>9,}  {target}")
        terminalreporter.line(f"{TRIED.total():>9,}  altogether")
