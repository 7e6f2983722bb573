"""Stories that hypothesis makes up: every one ends well, and without a safeguard one that ends badly is found."""

import os

import pytest

from event_bus.background import FAILED
from proofs.model.checking import SAFEGUARDS, Outcome, play, run
from proofs.model.playing import playing
from proofs.model.process import Process, acting
from proofs.model.services import SERVICES
from proofs.model.story import DOES, Row
from proofs.model.world import World

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "1000"))  # ten seconds; `python -m proofs.model` plays 10,000
ENOUGH = 5_000  # stories within which each safeguard was missed, with several seeds
SHORT = 6  # things that happen: a story that can be read at once
WHAT = {does.__name__: number for number, does in enumerate(DOES)}
RELAY, CONSUMER = 0, 1  # of payments and of inventories, as `story.PARTS` has them


def row(what: str, who: int = 0, how_far: int = 0, which: int = 0) -> Row:
    return WHAT[what], who, how_far, which


def test_every_story_ends_well() -> None:
    outcome = run(EXAMPLES)
    assert outcome.clean, _told(outcome)


@pytest.mark.parametrize("safeguard", SAFEGUARDS)
def test_without_a_safeguard_a_short_story_ends_badly_and_with_it_well(safeguard: str) -> None:
    outcome = run(ENOUGH, safeguard)
    assert not outcome.clean
    assert len(outcome.lines) <= SHORT, _told(outcome)
    with playing(None):
        _, wrong = play(outcome.story)
    assert wrong == []


# Published, not cleared, killed, started again.
KILLED_AFTER_THE_COMMIT = [row("pays"), row("dies_there", RELAY, 6)]
# Published by one, then by the other who took over while the first stood still.
WOKEN_AFTER_THE_TAKE_OVER = [row("pays"), row("stands_there", RELAY, 2), row("everything")]
# The consumer's batch fails after it was fetched.
FAILED_BATCH = [row("everything"), row("pays"), row("fails_there", CONSUMER, 0)]


@pytest.mark.parametrize(
    ("story", "without", "kind"),
    [
        (KILLED_AFTER_THE_COMMIT, "ledger", "duplicate"),
        (WOKEN_AFTER_THE_TAKE_OVER, "fencing", "duplicate"),
        (FAILED_BATCH, "explicit-seek", "unbalanced"),
    ],
)
def test_a_known_story_ends_badly_without_its_safeguard_alone(
    story: list[Row], without: str, kind: str
) -> None:
    with playing(without):
        _, wrong = play(story, without)
    assert wrong
    assert all(finding.startswith(kind) for finding in wrong)
    with playing(None):
        assert play(story)[1] == []


# A stands still between its two inits, the second one done; B takes over and publishes; A goes on, and both hold one.
HALF_INITIALISED = [
    row("reaches", RELAY, 0),
    row("goes_on", RELAY, 0, 2),
    row("is_doubled"),
    row("pays"),
    row("reaches", RELAY, 7),
    row("goes_on", RELAY, 1, 1),
    row("pays"),
    row("reaches", RELAY, 6),
    row("reaches", RELAY, 6, 1),
]


def test_two_who_take_over_at_once_do_not_hold_one_producer_each() -> None:
    with playing(None):
        assert play(HALF_INITIALISED)[1] == []


async def _fails_at_its_start(process: Process, world: World) -> None:
    with acting("edge"):
        await process.ask("looks", lambda: None, OSError)
    process.stop(FAILED, "it always does")


def test_a_service_that_fails_at_each_start_is_told_of_and_not_started_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SERVICES, "inventories_service", _fails_at_its_start)
    with playing(None):
        _, wrong = play([row("pays")])
    assert "bug: inventories_service: it always does" in wrong


def test_the_same_story_is_the_same_each_time() -> None:
    with playing(None):
        assert play(WOKEN_AFTER_THE_TAKE_OVER) == play(WOKEN_AFTER_THE_TAKE_OVER)


def _told(outcome: Outcome) -> str:
    return "\n".join([*outcome.lines, *outcome.wrong])
