"""`./shop up --secure`: the ordinary story passes, a missing right is named, and no secret lies about."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx2 as httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from contracts.accounts import ACCOUNTS
from dev.mongo import DatabaseAccount
from dev.waiting import until
from event_bus.accounts import Named, Operation, Resource, Right, give, take
from event_bus.kafka import Admin
from tests.flows.test_secrets import MARKER, story
from tests.secure.shop import SecureShop, modes

WITH_DATABASE = [account.name for account in ACCOUNTS if account.has_outbox]
NOTICED = 30.0  # seconds; the longest pause between two attempts is five


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureShop]:
    found = SecureShop(tmp_path_factory.mktemp("secure") / "state")
    try:
        found.up()
        yield found
    finally:
        found.run("down")


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20) as client:
        yield client


def test_the_ordinary_story_passes(shop: SecureShop) -> None:
    assert "says: refunded" in shop.run("demo")


MISSING = {
    "no right to write to topic notifications (account payments_service)": (
        "payments_service",
        Right(Operation.WRITE, Resource.TOPIC, "notifications"),
    ),
    "no right to use the group inventories_service (account inventories_service)": (
        "inventories_service",
        Right(Operation.READ, Resource.GROUP, "inventories_service"),
    ),
    "no right to read topic notifications (account notifications_service)": (
        "notifications_service",
        Right(Operation.READ, Resource.TOPIC, "notifications"),
    ),
    "no right to use the transactional id payments_service-outbox-0 (account payments_service)": (
        "payments_service",
        Right(Operation.WRITE, Resource.TRANSACTIONAL_ID, "payments_service-", Named.BEGINNING_WITH),
    ),
    "no right to read topic identity_keys (account payments_service)": (
        "payments_service",
        Right(Operation.READ, Resource.TOPIC, "identity_keys"),
    ),
}


@asynccontextmanager
async def without(shop: SecureShop, account: str, right: Right) -> AsyncIterator[None]:
    async with Admin(shop.admin) as admin:
        await take(admin, account, [right])
        try:
            yield
        finally:
            await give(admin, account, [right])


@pytest.mark.parametrize("reason", MISSING)
async def test_a_missing_right_is_named_at_readyz_until_it_is_given(
    shop: SecureShop, http: httpx.AsyncClient, reason: str
) -> None:
    service, right = MISSING[reason]
    before = shop.record.processes[service]
    async with without(shop, service, right):
        async with asyncio.timeout(NOTICED):
            while reason not in await shop.missing(http, service):
                assert (await http.post(f"{shop.payments}/pay")).status_code == 201  # people go on
                await asyncio.sleep(0.5)
    async with asyncio.timeout(NOTICED):
        while await shop.missing(http, service):
            await asyncio.sleep(0.1)
    assert shop.record.processes[service] == before  # the same process, never started again


@pytest.mark.parametrize("service", WITH_DATABASE)
@pytest.mark.parametrize("other", [*WITH_DATABASE, "admin"])
def test_an_account_works_on_its_own_database_and_on_no_other(
    shop: SecureShop, service: str, other: str
) -> None:
    uri = (shop.secrets / "mongo_uri").password(service)
    with MongoClient(uri) as client:
        collection = client[other]["tried"]
        if other == service:
            collection.insert_one({"_id": 1})
            collection.drop()
            return
        for attempt in (
            lambda: collection.find_one(),
            lambda: collection.insert_one({"_id": 1}),
            lambda: collection.delete_many({}),
            lambda: client.drop_database(other),
            lambda: client[other].command("createUser", "eve", pwd=MARKER, roles=["readWrite"]),
        ):
            with pytest.raises(OperationFailure, match="not authorized"):
                attempt()


def test_a_database_is_closed_to_who_has_no_account_or_a_wrong_password(shop: SecureShop) -> None:
    uri = shop.record.mongo_uri
    port = int(uri.partition("/?")[0].rpartition(":")[2])
    with MongoClient(uri) as client, pytest.raises(OperationFailure, match="requires authentication"):
        client["users_service"]["users"].find_one()
    wrong = DatabaseAccount("users_service", "not-the-password").uri(port)
    with (
        MongoClient(wrong, serverSelectionTimeoutMS=500) as client,
        pytest.raises((OperationFailure, ServerSelectionTimeoutError), match="authentication failed"),
    ):
        client["users_service"]["users"].find_one()


async def test_no_password_token_or_private_key_lies_about(shop: SecureShop, http: httpx.AsyncClient) -> None:
    errors, token = await story(shop, http)
    with MongoClient((shop.secrets / "mongo_uri").password("users_service")) as client:
        database = client["users_service"]
        user, key = database.users.find_one({"_id": "alice"}), database.signing_keys.find_one()
    assert user is not None
    assert key is not None
    of_people = [MARKER, token, *token.split(".")[1:]]
    in_the_database = [user["password_hash"], "$2b$", "PRIVATE KEY", *key["pem"].splitlines()]
    of_accounts = [file.read_text() for file in shop.secrets.folder.rglob("*") if file.is_file()]
    assert len(of_accounts) == 1 + len(ACCOUNTS) + 2 * len(WITH_DATABASE)
    everything = [*of_people, *in_the_database, *of_accounts]
    places = {
        "an error": (errors.encode(), everything, b"password"),
        "a topic": (await shop.topics(), everything, b"alice"),
        "a log": (shop.logs(), everything, b"alice"),
        "an environment": (shop.environments(), everything, b"KAFKA_SASL_PASSWORD_FILE"),
        "the folder": (shop.files("mongo", "secrets"), everything, b"alice"),
        "the database": (shop.files("secrets", "kafka", "logs"), [*of_people, *of_accounts], b"alice"),
        "the secrets": (
            shop.files("mongo", "kafka", "logs"),
            [*of_people, *in_the_database],
            b"users_service",
        ),
    }
    for place, (text, secrets, there) in places.items():
        assert there in text, f"{place} is not what was to be searched"
        for secret in secrets:
            assert secret.encode() not in text, f"{secret[:6]}… in {place}"


def test_passwords_are_for_the_owner_alone(shop: SecureShop) -> None:
    assert modes(shop.secrets.folder) == {0o600}
    assert shop.secrets.folder.stat().st_mode & 0o777 == 0o700
    assert shop.state.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("command", ["topics", "audit", "dlq list", "replay notifications_service --from 1h"])
def test_the_commands_of_the_shop_work_on_it(shop: SecureShop, command: str) -> None:
    assert shop.run(*command.split())


def test_servers_that_were_killed_come_back_and_still_ask_who_somebody_is(shop: SecureShop) -> None:
    for name in ("kafka", "mongo"):
        process = shop.record.processes[name].process()
        assert process is not None
        process.kill()
    assert until(lambda: shop.record.processes["kafka"].restarts == 1 and shop.ready(), 60)
    assert "says: refunded" in shop.run("demo")
    test_a_database_is_closed_to_who_has_no_account_or_a_wrong_password(shop)
