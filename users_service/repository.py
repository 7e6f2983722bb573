"""Users and signing keys in the database: a document each, with its events."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pymongo import UpdateOne

from contracts import Envelope, Event, rfc3339
from event_bus import Database, Duplicate, OutboxCollection, State, StateCollection, deadline

SECONDS = 2.0  # of one call about failed logins
SWEEP_SECONDS = 60.0  # at most that often, what is too old is deleted
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

    async def note_login(
        self, username: str, logged_in: Envelope[Event], rehashed: str | None = None
    ) -> bool:
        """False if the user is gone. `rehashed`: the same password at today's cost."""
        change = {"last_login_at": rfc3339(logged_in.time)}
        if rehashed:
            change["password_hash"] = rehashed
        return await self.outbox.append(username, {"$set": change}, [logged_in])

    async def note_logout(self, username: str, generation: int, events: Sequence[Envelope[Event]]) -> bool:
        """False if the user is gone. `generation`: the first one of the user's tokens that counts from now on."""
        return await self.outbox.append(username, {"$max": {"generation": generation}}, events)


class LoginFailures:
    """`_id` says whose; `times` of the latest, in seconds since 1970, the oldest first."""

    def __init__(self, database: Database, window: float) -> None:
        self._failures = database.collection("login_failures")
        self._window, self._swept = window, 0.0

    async def of(self, whose: Collection[str]) -> dict[str, Sequence[float]]:
        with deadline(SECONDS):
            found = await self._failures.find({"_id": {"$in": list(whose)}}).to_list(None)
        return {failures["_id"]: failures["times"] for failures in found}

    async def note(self, whose: Mapping[str, int], now: float) -> None:
        updates = [
            UpdateOne(
                {"_id": name},
                {"$push": {"times": {"$each": [now], "$slice": -kept}}, "$set": {"last": now}},
                upsert=True,
            )
            for name, kept in whose.items()
        ]
        with deadline(SECONDS):
            await self._failures.bulk_write(updates)
        await self._sweep(now)

    async def forget(self, whose: str) -> None:
        with deadline(SECONDS):
            await self._failures.delete_one({"_id": whose})

    async def _sweep(self, now: float) -> None:
        """Whoever tries many names must not fill the database."""
        if now - self._swept > SWEEP_SECONDS:
            self._swept = now
            with deadline(SECONDS):
                await self._failures.create_index("last")
                await self._failures.delete_many({"last": {"$lt": now - self._window}})


class SigningKeys:
    """`_id` counts the key pairs: 1, 2, … so that replicas that make one at the same moment make only one.

    Whichever replica comes first notes what became of a key; the others change nothing.
    """

    def __init__(self, database: Database) -> None:
        self.states = StateCollection(database, "signing_keys")

    async def all(self) -> list[SigningKey]:
        return sorted(await self.states.find_all(), key=_number)

    async def committed(self) -> list[SigningKey]:
        """Those whose publication is on the topic for good; the newest last."""
        return sorted(await self.states.find_settled(), key=_number)

    async def add(self, key: SigningKey, published: Envelope[Event]) -> bool:
        """False if another replica was first: its key is as good."""
        try:
            await self.states.insert(key, [published])
        except Duplicate:
            return False
        return True

    async def publish_again(self, number: int, published: Envelope[Event]) -> None:
        await self.states.append(number, {}, [published])

    async def note_readable(self, number: int, at: float) -> None:
        await self._once(number, "readable_at", at)

    async def withdraw(self, number: int, events: Sequence[Envelope[Event]] = ()) -> None:
        await self._once(number, "withdrawn", True, events)

    async def retire(self, number: int, retired: Envelope[Event]) -> None:
        await self._once(number, "retired", True, [retired])

    async def note_lifetime(self, number: int, seconds: int) -> None:
        """Before it signs a token that lives for so long: it has to be kept until that one has expired."""

        def longer(key: State | None) -> tuple[State | None, Sequence[Envelope[Event]]]:
            known = key is None or key.get("lifetime", 0) >= seconds
            return (None if known else {**(key or {}), "lifetime": seconds}), []

        await self.states.change(number, longer)

    async def _once(
        self, number: int, field: str, value: object, events: Sequence[Envelope[Event]] = ()
    ) -> None:
        def unless_there(key: State | None) -> tuple[State | None, Sequence[Envelope[Event]]]:
            return (None if key is None or field in key else {**key, field: value}), events

        await self.states.change(number, unless_there)


def _number(key: SigningKey) -> int:
    return int(key["_id"])
