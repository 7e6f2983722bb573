"""Every account tries everything on the real broker: what the table gives it works, and all else is refused."""

from pathlib import Path

import pytest

from contracts import INVENTORIES, LOGS, METRICS, NOTIFICATIONS
from contracts.accounts import ACCOUNTS, Account, ledger_of
from contracts.topics import ALL
from event_bus.accounts import Operation, Resource, Right, give, rights, rights_of, settle
from event_bus.errors import Refused, Unavailable
from event_bus.kafka import Admin
from event_bus.ledger import GROUP_SUFFIX
from event_bus.settings import Broker
from tests.secure import trying
from tests.secure.conftest import Guarded

NAMES = [account.name for account in ACCOUNTS]
OF = {account.name: account for account in ACCOUNTS}
TOPICS = {topic.name: topic for topic in ALL}
OWNERS = {account.name: account for account in ACCOUNTS if account.consumes} | {
    account.name + GROUP_SUFFIX: account for account in ACCOUNTS if account.has_outbox
}


def no_right(what: str, account: str) -> str:
    return f"^no right to {what} \\(account {account}\\)$"


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("name", NAMES)
async def test_a_topic_is_written_by_those_who_publish_on_it_and_by_nobody_else(
    guarded: Guarded, name: str, topic: str
) -> None:
    broker = guarded.account(name)
    if TOPICS[topic] in OF[name].publishes:
        await trying.write(broker, TOPICS[topic])
    else:
        where = f"topic guarded-{topic}" if OF[name].publishes else "the cluster"  # who writes nowhere
        with pytest.raises(Refused, match=no_right(f"write to {where}", name)):
            await trying.write(broker, TOPICS[topic])


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("name", NAMES)
async def test_a_topic_is_read_by_those_who_need_it_and_by_nobody_else(
    guarded: Guarded, name: str, topic: str
) -> None:
    broker = guarded.account(name)
    if TOPICS[topic] in OF[name].may_read:
        await trying.read(broker, TOPICS[topic])
    else:
        with pytest.raises(Refused, match=no_right(f"read topic guarded-{topic}", name)):
            await trying.read(broker, TOPICS[topic])


@pytest.mark.parametrize("group", OWNERS)
@pytest.mark.parametrize("name", NAMES)
async def test_a_group_is_used_by_its_service_and_by_nobody_else(
    guarded: Guarded, name: str, group: str
) -> None:
    broker, place = guarded.account(name), OF[name].may_read[0]
    if OWNERS[group].name == name:
        await trying.commit(broker, group, place)
        return
    with pytest.raises(Refused, match=no_right(f"use the group guarded-{group}", name)):
        await trying.commit(broker, group, place)
    if not OF[name].looks_at_groups:
        with pytest.raises(Refused, match=no_right(f"use the group guarded-{group}", name)):
            await trying.use_group(broker, group, place)


@pytest.mark.parametrize("other", NAMES)
@pytest.mark.parametrize("name", NAMES)
async def test_nobody_fences_a_producer_of_somebody_else(guarded: Guarded, name: str, other: str) -> None:
    broker, transactional_id = guarded.account(name), f"{other}-outbox-0"
    if other == name and OF[name].publishes:
        await trying.take_over(broker, transactional_id)
    else:
        missing = no_right(f"use the transactional id guarded-{transactional_id}", name)
        with pytest.raises(Refused, match=missing):
            await trying.take_over(broker, transactional_id)


@pytest.mark.parametrize("name", [name for name in NAMES if OF[name].has_outbox])
async def test_an_outbox_is_published_with_its_ledger(guarded: Guarded, name: str) -> None:
    broker, group = guarded.account(name), name + GROUP_SUFFIX
    await trying.transact(broker, f"{name}-outbox-0", OF[name].publishes[0], group, ledger_of(name))


async def test_of_an_offset_that_may_not_be_committed_the_topic_is_named(guarded: Guarded) -> None:
    broker, group = guarded.account("users_service"), f"users_service{GROUP_SUFFIX}"
    with pytest.raises(Refused, match=no_right("read topic guarded-notifications", "users_service")):
        await trying.transact(broker, "users_service-outbox-0", NOTIFICATIONS, group, NOTIFICATIONS)


@pytest.mark.parametrize("name", NAMES)
async def test_nobody_makes_topics_or_gives_himself_rights(guarded: Guarded, name: str) -> None:
    broker = guarded.account(name)
    with pytest.raises((Refused, Unavailable), match=r"TopicAuthorizationFailed|no right"):
        await trying.make_topic(broker)
    async with Admin(broker) as admin:
        wish = {Right(Operation.READ, Resource.TOPIC, broker.named(LOGS.name))}
        with pytest.raises(Refused, match="only an administrator"):
            await give(admin, name, wish)


async def test_without_an_account_or_with_a_wrong_password_there_is_no_connection(guarded: Guarded) -> None:
    wrong = trying.as_account(guarded.admin, "users_service", "not-the-password")
    for broker in (Broker(guarded.kafka.bootstrap_servers), wrong):
        with pytest.raises(Unavailable):
            await trying.read(broker, METRICS)


@pytest.mark.parametrize("name", NAMES)
async def test_an_account_has_the_rights_of_the_table_and_no_other(guarded: Guarded, name: str) -> None:
    async with Admin(guarded.admin) as admin:
        assert await rights(admin, name) == rights_of(OF[name], guarded.admin)


async def test_what_is_beyond_the_table_is_taken_and_what_is_missing_given(
    guarded: Guarded, tmp_path: Path
) -> None:
    account = Account(name="temp", consumes=(INVENTORIES,))
    more = Account(name="temp", consumes=(LOGS,), publishes=(METRICS,))
    async with Admin(guarded.admin) as admin:
        await settle(admin, guarded.admin, more, "a password of the moment")
        await settle(admin, guarded.admin, account, "a password of the moment")
        assert await rights(admin, "temp") == rights_of(account, guarded.admin)


async def test_another_shop_on_the_same_broker_keeps_its_rights(guarded: Guarded) -> None:
    beside = trying.as_admin(guarded.kafka.bootstrap_servers, guarded.admin.access.password, "beside-")
    account = Account(name="shared", reads=(LOGS,))
    async with Admin(guarded.admin) as admin:
        await settle(admin, beside, account, "a password of the moment")
        await settle(admin, guarded.admin, account, "a password of the moment")
        assert await rights(admin, "shared") == rights_of(account, beside) | rights_of(account, guarded.admin)


def test_kafka_init_names_the_accounts_and_never_a_password(guarded: Guarded, tmp_path: Path) -> None:
    said = guarded.run_init(tmp_path / "init.log")
    for name in NAMES:
        assert name in said
        assert (guarded.secrets / "kafka").password(name) not in said
