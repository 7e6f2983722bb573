"""Plays cases one after the other, each on a shop of its own, and gives what was found."""

import asyncio
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from dev import launcher, plan, ports
from dev.errors import NotReady
from dev.kafka import Kafka
from dev.mongo import Mongo
from proofs.arena import Arena, Ground
from proofs.audit import Verdict, audit, lags_of
from proofs.cases.case import Case
from proofs.demands import Demand
from proofs.evidence import Evidence
from proofs.faults import Fault
from proofs.network import Network
from proofs.stage import Stage

Say = Callable[[str], None]


@dataclass(frozen=True)
class Second:
    """One second of a case: calls accepted, lines seen, the longest way of one of them (seconds)."""

    accepted: int
    lines: int
    lag: float


@dataclass(frozen=True)
class Outcome:
    """`seconds`: how long it took, with its shop's start and the audit."""

    case: Case
    verdict: Verdict
    outcomes: Mapping[str, int]  # operations by ok, fail, info
    faults: Sequence[Fault]
    seconds: float
    begun: float
    course: Sequence[Second] = field(default_factory=list)
    demands: Sequence[Demand] = field(default_factory=list)  # what the case holds against the shop besides

    @property
    def as_it_must_be(self) -> bool:
        """Clean; with a safeguard off: red in the check that the safeguard is there for."""
        if self.case.without:
            return bool(self.verdict.offenders[self.case.reddens])
        return self.verdict.clean


@dataclass(frozen=True)
class Options:
    seed: str
    short: bool = False
    minutes: float = 5.0
    keep: bool = False


@contextmanager
def ground(keep: bool) -> Iterator[Ground]:
    """A broker and a database server for all cases of a call, in a folder that is gone afterwards."""
    launcher.fetch_tools(plan.make(plan.STATE, None))
    folder = Path(mkdtemp(prefix="shop-prove-"))
    port, controller, database = ports.free(3)
    kafka, mongo = Kafka(folder / "kafka", port, controller), Mongo(folder / "mongo", database)
    network = Network(kafka, mongo)
    try:
        kafka.spawn()
        mongo.spawn()
        kafka.wait_ready()
        mongo.wait_ready()
        yield Ground(kafka, mongo, folder, network)
    finally:
        kafka.stop()
        mongo.stop()
        if keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


async def play(case: Case, ground: Ground, options: Options, say: Say) -> Outcome:
    begun = time.time()
    name = f"{case.name}-{secrets.token_hex(2)}"  # the same case may be played twice in one call
    async with ground.network, Arena(ground, name, case.without, case.settings, case.proxied) as arena:
        await arena.start(*case.services)
        seed = f"{options.seed}-{case.name}"
        stage = Stage(arena, seed, options.short, options.minutes, lambda what: say(f"{case.name}: {what}"))
        stage.watch(case.watchers)
        try:
            await case.act(stage)
        except NotReady as error:
            stage.found["other"].append(str(error))
        finally:
            await ground.mend()
        await stage.close_doors()
        await stage.settle()
        evidence = await stage.evidence()
        stage.history.close()
    verdict = audit(evidence)
    counted = Counter(operation.outcome for operation in stage.history.operations.values())
    return Outcome(
        case,
        verdict,
        counted,
        arena.faults,
        time.time() - begun,
        begun,
        _course(evidence, begun),
        stage.demands,
    )


def _course(evidence: Evidence, begun: float) -> list[Second]:
    accepted: Counter[int] = Counter()
    lines: Counter[int] = Counter()
    lags: dict[int, float] = {}
    for operation in evidence.history.of("ok"):
        accepted[int(operation.accepted - begun)] += 1
    for seen in evidence.watchers[0].seen if evidence.watchers else ():
        lines[int(seen.time - begun)] += 1
    for seen, lag in lags_of(evidence):
        second = int(seen.time - begun)
        lags[second] = max(lags.get(second, 0.0), lag)
    last = max([*accepted, *lines], default=-1)
    return [Second(accepted[s], lines[s], lags.get(s, 0.0)) for s in range(last + 1)]


async def play_all(
    cases: Sequence[Case], options: Options, say: Say, done: Callable[[Outcome], None]
) -> list[Outcome]:
    outcomes = []
    with ground(options.keep) as shared:
        for case in cases:
            outcome = await play(case, shared, options, say)
            outcomes.append(outcome)
            done(outcome)
    return outcomes


def run(cases: Sequence[Case], options: Options, say: Say, done: Callable[[Outcome], None]) -> list[Outcome]:
    return asyncio.run(play_all(cases, options, say, done))
