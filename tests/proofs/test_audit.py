"""Each check of the audit sees what it is for, and is silent about a shop that is as it must be."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.committed import Committed
from proofs.audit import CHECKS, audit
from proofs.faults import Fault
from tests.proofs.storyline import Story, Watched

Spoil = Callable[[Story], object]


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    story = Story(tmp_path)
    yield story
    story.history.close()


def red(story: Story) -> set[str]:
    return {check for check, offenders in audit(story.evidence()).offenders.items() if offenders}


def test_a_shop_as_it_must_be_is_clean(story: Story) -> None:
    verdict = audit(story.evidence())
    assert verdict.offenders == {check: [] for check in CHECKS}
    assert len(verdict.lags) == 4  # a refund is not what was waited for


def see(story: Story, change: Callable[[Watched], object]) -> None:
    change(story.watchers[1])


def wrong(story: Story) -> None:
    """What was refused has an event."""
    there = story.topics["notifications"][1]
    headers = {**there.headers, "ce_correlationid": story.wrong.name.encode(), "ce_id": b"another"}
    story.topics["inventories"].append(replace(there, headers=headers, key="p1"))


SPOILS: dict[str, tuple[str, Spoil]] = {
    "an accepted call is not on its topic": ("lost", lambda s: s.take_out("notifications", 0)),
    "a notification has no line": ("lost", lambda s: s.take_out("logs", 1)),
    "a watcher missed a line": ("lost", lambda s: see(s, lambda w: w.seen.pop(1))),
    "a watcher was told of a gap": ("lost", lambda s: see(s, lambda w: w.notices.append("lost"))),
    "nobody answered a request for goods": ("lost", lambda s: s.take_out("stock", 2)),
    "an event is twice on a topic": ("duplicate", lambda s: s.repeat("inventories", 0)),
    "a line is twice on the topic": ("duplicate", lambda s: s.repeat("logs", 0)),
    "a watcher saw a line twice": ("duplicate", lambda s: see(s, lambda w: w.seen.append(w.seen[-1]))),
    "one key was answered in two ways": ("duplicate", lambda s: s.paid.answers.append({"told": "else"})),
    "a refused call has an event": ("phantom", wrong),
    "nobody asked for an event": ("phantom", lambda s: s.history.operations.pop(s.login.name)),
    "a log-in came before the registration": ("reordered", lambda s: s.swap("notifications", 0, 1)),
    "a refund came before its payment": ("reordered", lambda s: s.swap("logs", 3, 4)),
    "a product's movements are out of order": ("reordered", lambda s: s.swap("stock", 0, 1)),
    "a watcher saw another order": ("reordered", lambda s: see(s, lambda w: w.seen.reverse())),
    "a payment asked for no goods": ("torn", lambda s: s.take_out("inventories", 1)),
    "goods were asked for without a payment": ("torn", lambda s: s.take_out("notifications", 2)),
    "an answer took too long": ("unanswered", lambda s: s.paid.spans.append((0.0, 5.6))),
}


@pytest.mark.parametrize("what", SPOILS)
def test_what_is_wrong_turns_its_check_red(story: Story, what: str) -> None:
    check, spoil = SPOILS[what]
    spoil(story)
    assert check in red(story)


def test_a_call_without_an_answer_may_be_there_or_not(story: Story) -> None:
    story.paid.outcomes[:] = ["info"]
    assert red(story) == set()
    story.login.outcomes[:] = ["info"]
    for topic in ("notifications", "logs"):
        story.take_out(topic, 1)
    for watcher in story.watchers:
        watcher.seen.pop(1)
    assert red(story) == set()


def test_repetitions_that_are_excused_are_not_counted_on_topics(story: Story) -> None:
    story.repeat("notifications", 0)
    assert audit(replace(story.evidence(), excused=1)).clean
    story.repeat("notifications", 1)
    assert not audit(replace(story.evidence(), excused=1)).clean


def test_nothing_excused_was_needed(story: Story) -> None:
    assert audit(replace(story.evidence(), excused=1)).offenders["other"]


def test_what_the_books_say_counts(story: Story) -> None:
    assert audit(replace(story.evidence(), books=["mug: 5 came"])).offenders["unbalanced"] == ["mug: 5 came"]


def test_a_case_in_which_no_fault_bit_is_a_failure(story: Story) -> None:
    faults = [Fault(100.0, "kill -9", "users_service", bit=False) for _ in range(2)]
    assert audit(replace(story.evidence(), faults=faults)).offenders["other"]
    faults[1].bit = True
    assert audit(replace(story.evidence(), faults=faults)).clean


def letter(place: str) -> Committed:
    topic, _, rest = place.rpartition("-")
    partition, offset = rest.split("@")
    headers = {"dlq_topic": topic, "dlq_partition": partition, "dlq_offset": offset}
    return Committed("dlq-0@0", "", b"", headers={name: text.encode() for name, text in headers.items()})


def test_each_bad_record_has_one_dead_letter(story: Story) -> None:
    bad = {"x-notifications-3@17"}
    assert audit(replace(story.evidence(), bad=bad)).offenders["lost"]
    story.topics["notifications_service.dlq"] = [letter("x-notifications-3@17")]
    assert audit(replace(story.evidence(), bad=bad)).clean
    story.topics["notifications_service.dlq"] *= 2
    assert audit(replace(story.evidence(), bad=bad)).offenders["duplicate"]


def test_a_good_record_with_a_dead_letter_is_a_phantom(story: Story) -> None:
    story.topics["notifications_service.dlq"] = [letter("x-notifications-3@17")]
    assert red(story) == {"phantom"}
