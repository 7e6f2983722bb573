"""Looks for a story that ends badly: hypothesis makes them up, and shortens the one that it finds.

A story is a list of rows of small numbers and not a rule-based state machine: that costs hypothesis a tenth of the
time for each example, and shrinks at least as well, since every row can be left out.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from proofs.model.playing import playing
from proofs.model.story import DOES, Row, Story, tell
from proofs.model.verdict import findings
from proofs.model.world import World

MOST_ROWS = 10
# How often each kind of row is drawn: mostly work and requests, with faults between them.
OFTEN = {
    "pays": 6,
    "everything": 2,
    "dies_there": 6,
    "stands_there": 6,
    "fails_there": 6,
    "forgotten_there": 3,
    "reaches": 4,
    "goes_on": 2,
}
SAFEGUARDS = (
    "outbox",
    "ledger",
    "transactions",
    "fencing",
    "dedupe",
    "await-sends",
    "explicit-seek",
    "inbox",
    "journal",
)

Progress = Callable[[int, float], None]
_WHAT = [number for number, does in enumerate(DOES) for _ in range(OFTEN.get(does.__name__, 1))]
_ROW = st.tuples(st.sampled_from(_WHAT), st.integers(0, 6), st.integers(0, 7), st.integers(0, 3))
STORIES: st.SearchStrategy[list[Row]] = st.lists(_ROW, max_size=MOST_ROWS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`wrong` is empty when every story ended well; else what was wrong after the shortest one, told in `lines`."""

    examples: int
    seconds: float
    without: str | None
    wrong: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    story: Story = ()

    @property
    def clean(self) -> bool:
        return not self.wrong


class _Wrong(AssertionError):
    pass


def play(story: Story, without: str | None = None) -> tuple[list[str], list[str]]:
    """One story to its end: what happened, and what was wrong then. Inside `playing`."""
    world = World(without)
    try:
        lines = tell(world, story)
        wrong = [] if world.rest() else ["stuck: something is never done"]
        return lines, [*findings(world), *wrong]
    finally:
        world.close()


def run(
    examples: int, without: str | None = None, seed: int = 0, progress: Progress = lambda done, seconds: None
) -> Outcome:
    """Plays that many stories, or as many as it takes to find one that ends badly."""
    search = _Search(without, progress)
    with playing(without):
        search.run(examples, seed)
        return search.outcome()


class _Search:
    def __init__(self, without: str | None, progress: Progress) -> None:
        self._without, self._progress = without, progress
        self._played = 0
        self._found: int | None = None  # after how many stories
        self._worst: Story | None = None
        self._started = time.monotonic()

    def run(self, examples: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            report_multiple_bugs=False,
        )
        @given(STORIES)
        def every_story_ends_well(story: list[Row]) -> None:
            self._play(story)

        gc.disable()  # a world is full of cycles; it is collected in large portions
        try:
            every_story_ends_well()
        except _Wrong:
            pass
        finally:
            gc.enable()

    def _play(self, story: Story) -> None:
        self._played += 1
        if self._played % 100 == 0:
            gc.collect(0)
            self._progress(self._played, time.monotonic() - self._started)
        _, wrong = play(story, self._without)
        if wrong:
            self._worst, self._found = story, self._found or self._played
            raise _Wrong(wrong[0])

    def outcome(self) -> Outcome:
        seconds = time.monotonic() - self._started
        if self._worst is None:
            return Outcome(self._played, seconds, self._without)
        lines, wrong = play(self._worst, self._without)
        return Outcome(self._found or 0, seconds, self._without, wrong, lines, self._worst)
