"""The rights of an account are what its service's own tables say: nothing is missing, and nothing is beyond them."""

import pytest

from contracts.accounts import ACCOUNTS, ledger_of
from contracts.topics import ALL, Topic
from dev.docs.tables import Service, services
from dev.services import STARTED

OF = {account.name: account for account in ACCOUNTS}
SERVICES = {service.name: service for service in services()}
SHOW_EVERY_TOPIC = {"logs_service", "kafka_browser"}  # at /topics/NAME, to whoever may watch


def names(topics: "list[Topic] | tuple[Topic, ...]") -> set[str]:
    return {topic.name for topic in topics}


def test_everything_that_is_started_has_its_account() -> None:
    assert set(OF) == {kind.name for kind in STARTED}


@pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
def test_an_account_may_write_what_its_service_publishes(service: Service) -> None:
    assert names(OF[service.name].publishes) == names(service.writes_to)


@pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
def test_an_account_may_read_what_its_service_reads(service: Service) -> None:
    expected = ALL if service.name in SHOW_EVERY_TOPIC else service.reads_from
    assert names(OF[service.name].may_read) == names(expected)


@pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
def test_an_account_has_a_group_and_a_ledger_if_its_service_has_them(service: Service) -> None:
    account = OF[service.name]
    assert bool(account.consumes) == bool(service.consumes)
    assert account.has_outbox == service.has_database


def test_nobody_could_read_what_is_none_of_his_business_because_of_his_ledger() -> None:
    for account in ACCOUNTS:
        if account.has_outbox:
            assert ledger_of(account.name) in account.may_read
