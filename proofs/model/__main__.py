"""`./shop prove model`: plays stories on every core, and tells the shortest one that ends badly; then it ends 1."""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import get_context

from proofs.model.checking import SAFEGUARDS, Outcome, run

PORTION = 1_000  # stories that one process plays before it takes the next ones
Work = tuple[int, str | None, int]


def main(argv: list[str] | None = None) -> int:
    arguments = _arguments(argv)
    outcome = everywhere(arguments.examples, arguments.without, arguments.seed)
    sys.stderr.write("\r\033[K" if sys.stderr.isatty() else "")
    print("\n".join(told(outcome)))
    return 0 if outcome.clean else 1


def everywhere(examples: int, without: str | None, seed: int) -> Outcome:
    """The same stories for the same seed, however many cores there are."""
    begun, played = time.monotonic(), 0
    with get_context("spawn").Pool() as processes:
        for outcome in processes.imap(_play, _portions(examples, without, seed)):
            played += outcome.examples
            _progress(played, time.monotonic() - begun)
            if not outcome.clean:
                return replace(outcome, examples=played)
    return Outcome(played, time.monotonic() - begun, without)


def _portions(examples: int, without: str | None, seed: int) -> Iterator[Work]:
    for number, first in enumerate(range(0, examples, PORTION)):
        yield min(PORTION, examples - first), without, 1_000_000 * seed + number


def _play(work: Work) -> Outcome:
    return run(*work)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./shop prove model", description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000, metavar="N", help="stories to play")
    parser.add_argument("--without", choices=SAFEGUARDS, help="the safeguard to leave out")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="other stories")
    return parser.parse_args(argv)


def _progress(done: int, seconds: float) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done:,} stories, {done / seconds:.0f}/s")


def told(outcome: Outcome) -> list[str]:
    """For a person."""
    without = f" without {outcome.without}" if outcome.without else ""
    if outcome.clean:
        return [f"{outcome.examples:,} stories{without} in {outcome.seconds:.0f} s: every one ends well"]
    steps = [
        *outcome.lines,
        "then everything goes on, at last also who stood still, until nothing is left to do",
    ]
    return [
        f"a story{without} that ends badly, the {outcome.examples:,}. that was played:",
        *(f"{number:3}. {step}" for number, step in enumerate(steps, 1)),
        *(f"     {wrong}" for wrong in outcome.wrong),
    ]


if __name__ == "__main__":
    sys.exit(main())
