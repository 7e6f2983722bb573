"""Clients as they should be: what was not answered is sent again, the same body under the same key.

Each client has people of its own, so what happens to one person is asked for one call after the other.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2 as httpx

from proofs.history import History, Operation

TIMEOUT = 10.0  # seconds, longer than the promise: a call that breaks it is seen to
RETRY = {429, 500, 502, 503, 504}
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 1.0  # seconds between two attempts
PATIENCE = 60.0  # seconds after which a client gives up: then nobody knows
CUT_WITHIN = 0.02  # seconds: an impatient client hangs up before, while or after the work is done

PRODUCTS = ["", "", "", "coffee", "mug", "poster"]  # "": the default one; posters are out of stock


@dataclass(frozen=True)
class Load:
    """What clients do until so many operations were made, or until they are told to stop."""

    clients: int = 8
    keys: int = 50
    operations: int | None = None
    pause: float = 0.08  # seconds between two calls of a client, on average
    impatient: float = 0.0  # the share of calls whose answer is not waited for
    burst: int = 0  # instead of all that: each client pays once, so many times at once under one key


class Client:
    def __init__(self, number: int, load: Load, urls: Mapping[str, str], history: History, seed: str) -> None:
        self.load, self._urls, self._history = load, urls, history
        self._random = random.Random(f"{seed}-{number}")
        self._people = [f"user{key}" for key in range(load.keys) if key % load.clients == number]
        self._registered: list[str] = []
        self._http = httpx.AsyncClient(timeout=TIMEOUT)

    async def act(self) -> None:
        """One more operation, and a pause."""
        if self._people:
            await self.register(self._people.pop())
        else:
            await self._random.choices([self._pay, self._log_in, self._go_wrong], [60, 35, 5])[0]()
        await asyncio.sleep(self._random.uniform(0, 2) * self.load.pause)

    async def register(self, name: str) -> None:
        operation = self._history.begin("register", "users_service", name)
        body = {"username": name, "password": "secret"}
        await self._insist(operation, "/register", body)
        self._registered.append(name)

    async def _log_in(self) -> None:
        """Takes no key, so each attempt counts for itself and an unanswered one is not repeated."""
        name = self._random.choice(self._registered)
        operation = self._history.begin("login", "users_service", name)
        await self._attempt(operation, "/login", {"username": name, "password": "secret"})

    async def _pay(self) -> None:
        await self.pay(self._random.choice(PRODUCTS))

    async def pay(self, product: str = "") -> None:
        operation = self._history.begin("pay", "payments_service", "")
        body = {"reference": operation.name} | ({"product": product} if product else {})
        await self._insist(operation, "/pay", body)

    async def _go_wrong(self) -> None:
        """Is refused, so nothing may follow from it."""
        name = self._random.choice(self._registered)
        match self._random.randrange(3):
            case 0:
                operation = self._history.begin("register", "users_service", "")
                await self._attempt(operation, "/register", {"username": name, "password": "another"})
            case 1:
                operation = self._history.begin("login", "users_service", "")
                await self._attempt(operation, "/login", {"username": name, "password": "wrong"})
            case _:
                operation = self._history.begin("pay", "payments_service", "")
                await self._attempt(operation, "/pay", {"amount": "-1"})

    async def burst(self, parallel: int) -> None:
        """The same payment under the same key, so many times at once: one operation."""
        operation = self._history.begin("pay", "payments_service", "")
        body = {"reference": operation.name}
        async with asyncio.TaskGroup() as tasks:
            for _ in range(parallel):
                tasks.create_task(self._insist(operation, "/pay", body))

    async def _insist(self, operation: Operation, path: str, body: Mapping[str, str]) -> None:
        pause = FIRST_PAUSE
        try:
            async with asyncio.timeout(PATIENCE):
                while await self._attempt(operation, path, body) == "info":
                    await asyncio.sleep(pause * self._random.uniform(0.5, 1.0))
                    pause = min(2 * pause, LONGEST_PAUSE)
        except TimeoutError:
            return  # as it stands: info

    async def _attempt(self, operation: Operation, path: str, body: Mapping[str, str]) -> str:
        headers = {"X-Request-ID": operation.name, "Idempotency-Key": operation.name}
        began = self._history.invoked(operation)
        outcome, answer = "info", None
        try:
            async with asyncio.timeout(self._patience()):
                reply = await self._http.post(
                    self._urls[operation.service] + path, data=body, headers=headers
                )
            outcome = "ok" if reply.is_success else "info" if reply.status_code in RETRY else "fail"
            answer = reply.json() if reply.is_success else {"status": reply.status_code}
        except TimeoutError:
            answer = {"cut": True}
        except httpx.TransportError as error:
            answer = {"error": repr(error)}
        finally:
            self._history.ended(operation, began, outcome, answer)
        return outcome

    def _patience(self) -> float | None:
        if self._random.random() < self.load.impatient:
            return self._random.uniform(0, CUT_WITHIN)
        return None

    async def close(self) -> None:
        await self._http.aclose()


class Clients:
    """A crowd at work until its load is done or it is told to stop; then everybody is served or has given up."""

    def __init__(self, load: Load, urls: Mapping[str, str], history: History, seed: str) -> None:
        self._load, self._history = load, history
        self._members = [Client(number, load, urls, history, seed) for number in range(load.clients)]
        self._stopped = False
        self.task = asyncio.create_task(self._run())

    def stop(self) -> None:
        self._stopped = True

    async def done(self) -> None:
        await self.task

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for member in self._members:
                tasks.create_task(self._work(member))

    async def _work(self, member: Client) -> None:
        try:
            if self._load.burst:
                return await member.burst(self._load.burst)
            while not self._stopped and not self._complete:
                await member.act()
        finally:
            await member.close()

    @property
    def _complete(self) -> bool:
        return self._load.operations is not None and len(self._history.operations) >= self._load.operations
