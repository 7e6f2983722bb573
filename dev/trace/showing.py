"""A story for a person and for a program. Whatever a record holds, it can do nothing to the terminal."""

from datetime import datetime
from typing import Any

from rich.text import Text
from rich.tree import Tree

from contracts import rfc3339
from dev.dlq.showing import moment
from dev.tail.showing import legible
from dev.trace.reading import Story
from dev.trace.story import Node


def tree(story: Story) -> Tree:
    root = Tree(_heading(story))
    branches: dict[int, Tree] = {}
    waiting = [node for node in reversed(story.nodes) if node.cause is None]
    while waiting:
        node = waiting.pop()
        above = root if node.cause is None else branches[id(node.cause)]
        branches[id(node)] = above.add(_letter(node) if node.step.letter else _event(node))
        waiting += [one for one in reversed(story.nodes) if one.cause is node]
    return root


def summary(story: Story) -> str:
    letters = sum(node.step.letter is not None for node in story.nodes)
    said = f"{_count(len(story.nodes) - letters, 'event')}, {_count(letters, 'dead letter')}"
    more = f"; {story.left_out:,} more are not shown" if story.left_out else ""
    return f"{said}; {_count(story.looked_at, 'record')} looked at{more}"


def as_json(story: Story) -> dict[str, Any]:
    """The shape is a promise to programs. `cause` is the address of another of the records."""
    return {
        "correlation_id": story.correlation_id,
        "looked_at": story.looked_at,
        "left_out": story.left_out,
        "records": [_record(node) for node in story.nodes],
    }


def _record(node: Node) -> dict[str, Any]:
    step, letter, resolution = node.step, node.step.letter, node.resolution
    return {
        "address": str(step.address),
        "cause": str(node.cause.step.address) if node.cause else None,
        "time": rfc3339(step.at),
        "after_ms": node.after_ms,
        "id": step.id,
        "type": step.type,
        "service": step.service,
        "user": step.user,
        "causation_id": step.causation_id or None,
        "traceparent": step.traceparent,
        "again": node.again,
        "dead_letter": letter and {"reason": letter.reason, "source": str(letter.source)},
        "resolution": resolution and {"how": resolution.how, "time": moment(resolution.at)},
    }


def _heading(story: Story) -> Text:
    traces = sorted({node.step.traceparent for node in story.nodes if node.step.traceparent})
    shown = traces[0] if len(traces) == 1 else f"{len(traces)} of them"
    return Text.assemble(
        ("request ", "dim"), legible(story.correlation_id), ("  traceparent ", "dim"), legible(shown)
    )


def _event(node: Node) -> Text:
    step = node.step
    text = Text.assemble(
        (_clock(step.at), "dim"),
        _distance(node),
        (f" {legible(step.type) or '(no type)'}", "bold"),
        (f"  {legible(step.service)}", "cyan"),
        (f"  {step.address}", "dim"),
        (f"  {legible(step.user)}" if step.user else "", "italic"),
    )
    if node.again:
        text.append("  again", "yellow")
    elif node.cause is None and step.causation_id not in ("", step.correlation_id):
        text.append("  its cause was not found", "yellow")
    return text


def _letter(node: Node) -> Text:
    step, letter, resolution = node.step, node.step.letter, node.resolution
    assert letter is not None
    what = f" dead letter of {legible(step.service)}: {legible(letter.reason)}"
    became = f"{resolution.how} {moment(resolution.at)}" if resolution else "open"
    return Text.assemble(
        (_clock(step.at), "dim"), _distance(node), (what, "red"), (f"  {step.address}  {became}", "dim")
    )


def _clock(at: datetime) -> str:
    return rfc3339(at)


def _distance(node: Node) -> str:
    return "" if node.after_ms is None else f" {node.after_ms:+,.0f} ms"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
