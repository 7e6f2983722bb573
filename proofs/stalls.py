"""The longest time that a line was late: what a fault cost those who were not hit by it."""

from proofs.demands import Demand
from proofs.stage import Stage


async def no_longer_than(seconds: float, stage: Stage, what: str) -> Demand:
    """Ends the load and waits for the last line, so that the latest of all is among them."""
    await stage.close_doors()
    await stage.settle()
    longest = max((_latest(stage, one.correlation, one.time) for one in stage.watchers[0].seen), default=0.0)
    return Demand(
        f"{what} is not late by {seconds:g} s", f"{longest:.1f} s at the longest", longest < seconds
    )


def _latest(stage: Stage, name: str, seen: float) -> float:
    operation = stage.history.operations.get(name)
    return seen - operation.accepted if operation and operation.outcome == "ok" else 0.0
