"""One case as it is played: the shop, the clients, the watchers; and what is put together of it for the audit."""

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from dev.committed import Committed
from dev.errors import NotReady
from event_bus.crash_points import CrashPoint
from proofs.arena import LOOK, Arena, until
from proofs.clients import Clients, Load
from proofs.demands import Demand
from proofs.evidence import Evidence
from proofs.faults import Fault, Traffic, judge
from proofs.history import History
from proofs.watchers import Watcher

SETTLES_WITHIN = 60.0  # seconds for what is under way when the clients have gone
FAILS_WITHIN = 8.0  # with a safeguard off: what is missing then will not come
BOOKS_WITHIN = 30.0
EDGES = ("users_service", "payments_service")  # whom clients ask
AWAITED_WITHIN = 0.5  # seconds; a service that still starts is asked by nobody
MOST_OF_A_VALUE = 2_000  # characters that are written down


class Stage:
    """`short`: a smaller dose, for CI. `minutes`: for the case that has no end of its own."""

    def __init__(
        self, arena: Arena, seed: str, short: bool, minutes: float, say: Callable[[str], None]
    ) -> None:
        self.arena, self.short, self.minutes, self._say = arena, short, minutes, say
        self.random = random.Random(seed)
        self.history = History(arena.folder / "history.jsonl")
        self.watchers: list[Watcher] = []
        self.found: dict[str, list[str]] = defaultdict(list)  # by check: what the case itself saw
        self.demands: list[Demand] = []  # what it holds against the shop besides the checks
        self.excused = 0
        self.excuses: set[str] = set()  # checks of the books that do not hold in this case
        self.bad: set[str] = set()  # the places of records that nobody can handle
        self._seed = seed
        self._crowds: list[Clients] = []

    def watch(self, count: int = 2) -> None:
        self.watchers = [
            Watcher(f"watcher{number}", self.arena.websocket, self.arena.folder) for number in range(count)
        ]

    def clients(self, load: Load, urls: Mapping[str, str] | None = None) -> Clients:
        """They are at work from now on: until their load is done, or until the case is over.

        `urls`: whom they ask, looked up at each call, as behind a load balancer.
        """
        crowd = Clients(load, urls or self.arena.urls, self.history, f"{self._seed}-{len(self._crowds)}")
        self._crowds.append(crowd)
        return crowd

    def say(self, what: str) -> None:
        lines = max((len(watcher.seen) for watcher in self.watchers), default=0)
        self._say(
            f"{len(self.history.operations):,} calls, {lines:,} lines, {len(self.arena.faults)} faults: {what}"
        )

    async def pause(self, shortest: float, longest: float) -> None:
        await asyncio.sleep(self.random.uniform(shortest, longest))

    async def kill(self, name: str) -> None:
        """As soon as a client waits for it, if there are any who ask it."""
        await until(lambda: name not in EDGES or self.history.open_calls[name] > 0, AWAITED_WITHIN)
        await self.arena.kill(name)
        self.say(f"kill -9 {name}")

    async def strike(self, name: str, point: CrashPoint) -> None:
        """It dies when it comes to this point."""
        self.arena.services[name].orders.give(point)
        await self.died_at(name, point)

    async def died_at(self, name: str, point: CrashPoint) -> None:
        """A point that is never reached is a fault of the case."""
        if await self.arena.died_at(name, point):
            self.say(f"{name} died at {point.name}")
        else:
            self.found["other"].append(f"{name} never came to {point.name}")

    async def stop_politely(self, name: str) -> float:
        """SIGTERM: it ends with 0, in less than the 15 s that a service promises. Returns how many it took."""
        service = self.arena.services[name]
        child, begun = service.running, time.time()
        self.arena.faults.append(Fault(begun, f"SIGTERM {name}", name))
        child.terminate()
        code = await asyncio.to_thread(child.end, 15.0)
        seconds = time.time() - begun
        if code:
            self.found["other"].append(f"{name} ended with {code} after SIGTERM, {seconds:.1f} s later")
        self.say(f"SIGTERM {name}: gone in {seconds:.1f} s")
        return seconds

    async def all_ready(self) -> None:
        for service in self.arena.services.values():
            try:
                await service.ready(SETTLES_WITHIN)
            except NotReady as error:
                self.found["other"].append(str(error))

    async def close_doors(self) -> None:
        """No new calls; those under way are finished, or given up."""
        for crowd in self._crowds:
            crowd.stop()
        for crowd in self._crowds:
            await crowd.done()

    async def settle(self) -> None:
        """Until every watcher has a line of each accepted call, or none came for a while."""
        await self.all_ready()
        within = FAILS_WITHIN if self.arena.without else SETTLES_WITHIN
        accepted = {operation.name for operation in self.history.of("ok")}
        end, missing = time.monotonic() + within, len(accepted)
        while missing and time.monotonic() < end:
            missing = max((len(accepted - watcher.correlations) for watcher in self.watchers), default=0)
            self.say(f"{missing} lines to come" if missing else "all lines are there")
            await asyncio.sleep(LOOK)

    async def evidence(self) -> Evidence:
        self.say("auditing")
        self.found["other"] += [f"{d.what}: {d.measured}" for d in self.demands if not d.held]
        books = await self.arena.books(FAILS_WITHIN if self.arena.without else BOOKS_WITHIN, self.excuses)
        topics = await self.arena.topics()
        self._write_down(topics)
        for watcher in self.watchers:
            await watcher.close()
        arrivals = {seen.correlation: seen.time for watcher in self.watchers for seen in watcher.seen}
        judge(self.arena.faults, Traffic(self.history, topics, arrivals))
        return Evidence(
            self.history,
            {name: [r for r in records if r.place not in self.bad] for name, records in topics.items()},
            self.watchers,
            self.arena.faults,
            self.bad,
            books,
            self.excused,
            self.found,
        )

    def _write_down(self, topics: Mapping[str, Sequence[Committed]]) -> None:
        """Beside what clients did and watchers saw: for whoever looks into a case that is not as it must be."""
        with (self.arena.folder / "topics.jsonl").open("w") as file:
            for name, records in topics.items():
                for record in records:
                    headers = {key: value.decode(errors="replace") for key, value in record.headers.items()}
                    value = record.value.decode(errors="replace")
                    told = {"topic": name, "place": record.place, "time": record.time, "key": record.key}
                    file.write(
                        json.dumps(told | {"headers": headers, "value": value[:MOST_OF_A_VALUE]}) + "\n"
                    )
