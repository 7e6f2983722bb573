"""Kafka, the database or the network is away for a while: what goes on meanwhile, and how soon all is well again."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

from proofs.arena import LOOK, until
from proofs.clients import Load
from proofs.demands import Demand
from proofs.faults import Fault
from proofs.history import UNANSWERED, Operation
from proofs.stage import EDGES, Stage

RECOVERED = 10.0  # seconds after the end of a fault
GIVEN_UP = 60.0  # seconds after which nobody waits for it any more
GOES_ON = 2.0  # seconds: a longer pause between accepted calls would be noticed by people
# Thirty calls a second: what gathers in a minute is told in seconds, also on two cores that others use as well.
STEADY = Load(pause=0.25)
PAY_WITHIN = 20.0  # seconds: everybody registers first
LAST_FEW = 50  # lines that are looked at for one of a new call


@dataclass(frozen=True)
class Outage:
    """Times are seconds since the epoch; `recovery` is seconds from the end."""

    what: str
    began: float
    ended: float
    recovery: float


class Outages:
    """Those of one case. `database`: requests can't be accepted meanwhile; else they must be."""

    def __init__(self, stage: Stage, database: bool = False) -> None:
        self._stage, self._database = stage, database
        self.seen: list[Outage] = []

    @asynccontextmanager
    async def of(self, what: str) -> AsyncIterator[None]:
        """Inside, the fault lasts; returns when the shop is as before."""
        fault = Fault(time.time(), what, what)
        self._stage.arena.faults.append(fault)
        self._stage.say(what)
        try:
            yield
        finally:
            ended = time.time()
            self._stage.say(f"{what}: over after {ended - fault.time:.1f} s")
        outage = Outage(what, fault.time, ended, await recovered(self._stage, ended))
        fault.bit = any(True for _ in self._attempts(outage))
        self.seen.append(outage)

    def judge(self) -> None:
        """The demands that every case of this kind makes."""
        self._stage.demands += [
            *(self._refused_in_time() if self._database else self._went_on()),
            _recovered_in_time(self.seen),
        ]

    def _went_on(self) -> Iterator[Demand]:
        for edge in EDGES:
            attempts = [
                one for outage in self.seen for one in self._attempts(outage) if one[0].service == edge
            ]
            refused = sum(outcome == "info" for _, outcome, _ in attempts)
            pause = max((self._longest_pause(outage, edge) for outage in self.seen), default=0.0)
            yield Demand(
                f"{edge} goes on accepting without Kafka, with no pause over {GOES_ON:g} s",
                f"{len(attempts) - refused:,} calls served, {refused} not, longest pause {pause:.1f} s",
                refused == 0 and pause < GOES_ON,
            )

    def _refused_in_time(self) -> Iterator[Demand]:
        attempts = [one for outage in self.seen for one in self._attempts(outage)]
        waits = [end - begin for _, outcome, (begin, end) in attempts if outcome == "info"]
        yield Demand(
            f"a call that can't be kept is refused within {UNANSWERED:g} s",
            f"{len(waits):,} refused, the slowest after {max(waits, default=0):.1f} s",
            bool(waits) and max(waits) < UNANSWERED,
        )

    def _attempts(self, outage: Outage) -> Iterator[tuple[Operation, str, tuple[float, float]]]:
        """The calls that were made meanwhile, each with its outcome and its time."""
        for operation in self._stage.history.operations.values():
            for outcome, span in zip(operation.outcomes, operation.spans, strict=True):
                if outage.began < span[0] < outage.ended:
                    yield operation, outcome, span

    def _longest_pause(self, outage: Outage, edge: str) -> float:
        answers = sorted(
            span[1]
            for one, outcome, span in self._attempts(outage)
            if one.service == edge and outcome == "ok"
        )
        moments = [outage.began, *answers, max([outage.ended, *answers])]
        return max(after - before for before, after in pairwise(moments))


async def at_work(stage: Stage) -> None:
    """Returns when the clients have begun to pay: then each edge is asked all the time."""
    stage.clients(STEADY)
    operations = stage.history.operations
    await until(
        lambda: sum(one.kind == "pay" for one in operations.values()) > 2 * STEADY.clients, PAY_WITHIN
    )


async def recovered(stage: Stage, since: float) -> float:
    """Seconds until all are ready, and every accepted call has its line at every watcher, a call made since too."""
    before = {operation.name for operation in stage.history.of("ok") if operation.accepted < since}
    while (waited := time.time() - since) < GIVEN_UP:
        if _lines_are_there(stage, before, since) and await _all_answer(stage):
            break
        await asyncio.sleep(LOOK)
    stage.say(f"as before after {waited:.1f} s")
    return waited


def _lines_are_there(stage: Stage, before: set[str], since: float) -> bool:
    def is_new(name: str) -> bool:
        operation = stage.history.operations.get(name)
        return operation is not None and operation.began > since

    return all(
        before <= watcher.correlations and any(is_new(one.correlation) for one in watcher.seen[-LAST_FEW:])
        for watcher in stage.watchers
    )


async def _all_answer(stage: Stage) -> bool:
    looks: list[Callable[[], bool]] = [service.answers for service in stage.arena.services.values()]
    return all(await asyncio.gather(*map(asyncio.to_thread, looks)))


def _recovered_in_time(outages: Sequence[Outage]) -> Demand:
    slowest = max((outage.recovery for outage in outages), default=0.0)
    each = ", ".join(f"{outage.recovery:.1f}" for outage in outages)
    return Demand(
        f"ready, and nothing left behind, {RECOVERED:g} s after {outages[0].what}",
        f"{each} s",
        slowest < RECOVERED,
    )


def nobody_exited(stage: Stage) -> Demand:
    """Who was asked to end does so with 0."""
    exits = [
        f"{label} {code}" for label, one in stage.arena.services.items() for code in one.exit_codes if code
    ]
    return Demand("no process ends by itself", ", ".join(exits) or "none", not exits)
