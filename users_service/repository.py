"""Users and signing keys in the database: a document each, with its events."""

from typing import Any

from contracts import Envelope, Event
from event_bus import Database, Duplicate, OutboxCollection

RUSH_SECONDS = 0.5  # two hashes long

User = dict[str, Any]
SigningKey = dict[str, Any]


class Users:
    """`_id` is the user name. `idempotency_key` is unique where it is there."""

    def __init__(self, database: Database, max_pending: int) -> None:
        self.outbox = OutboxCollection(database, "users", unique=["idempotency_key"], max_pending=max_pending)

    def rush(self) -> None:
        """Somebody waits for a core to hash on: what is told of others can wait a moment too."""
        self.outbox.rush(RUSH_SECONDS)

    async def find(self, username: str, key: str | None = None) -> User | None:
        """Who has the name, or registered with the key."""
        either: list[User] = [{"_id": username}, *([{"idempotency_key": key}] if key else [])]
        return await self.outbox.find_one({"$or": either} if key else either[0])

    async def add(self, user: User, registered: Envelope[Event]) -> bool:
        """False if the name or the key is taken."""
        try:
            await self.outbox.insert(user, [registered])
        except Duplicate:
            return False
        return True

    async def note_login(self, username: str, logged_in: Envelope[Event]) -> bool:
        """False if the user is gone."""
        return await self.outbox.append(username, {}, [logged_in])


class SigningKeys:
    """`_id` counts the key pairs: 1, 2, … so that replicas that make the first one make only one."""

    def __init__(self, database: Database) -> None:
        self.outbox = OutboxCollection(database, "signing_keys")

    async def all(self) -> list[SigningKey]:
        return sorted(await self.outbox.find_all(), key=_number)

    async def committed(self) -> list[SigningKey]:
        """Those whose publication is on the topic for good; the newest last."""
        return sorted(await self.outbox.find_settled(), key=_number)

    async def add(self, key: SigningKey, published: Envelope[Event]) -> None:
        try:
            await self.outbox.insert(key, [published])
        except Duplicate:
            return  # another replica was first: its key is as good

    async def publish_again(self, number: int, published: Envelope[Event]) -> None:
        await self.outbox.append(number, {}, [published])

    async def withdraw(self, number: int) -> None:
        await self.outbox.append(number, {"$set": {"withdrawn": True}}, [])


def _number(key: SigningKey) -> int:
    return int(key["_id"])
