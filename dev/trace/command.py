"""The command `./shop trace`: an id in, a tree out. The client libraries are needed by it alone."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dev import plan, running
from dev.errors import ShopError

if TYPE_CHECKING:
    from dev.trace.reading import Story

ANY_WIDTH = 1_000  # columns of a file or a pipe: a line of a program's is never broken


def trace(
    wanted: Annotated[
        str,
        typer.Argument(metavar="ID", help="X-Request-ID, the correlation id of a line, or an event's id."),
    ],
    state: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the data and logs.")] = plan.STATE,
    since: Annotated[
        str, typer.Option(metavar="1h|TIME|earliest", help="Looks no further back; 2026-11-22T00:00:00Z.")
    ] = "1h",
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Draw all that followed from one request: which event caused which, when, and where it lies on Kafka."""
    from dev.trace import showing

    story = _find(wanted, state, since)
    if as_json:
        print(json.dumps(showing.as_json(story)))
    else:
        console = _console()
        console.print(showing.tree(story))
        console.print(showing.summary(story))


def _find(wanted: str, state: Path, since: str) -> "Story":
    """Raises ShopError, also where there is nothing."""
    from dev.replay.moment import moment, shown
    from dev.trace import reading
    from event_bus import BusError

    time = moment(since, datetime.now(UTC), "--since")
    broker = running.broker(state)
    try:
        story = asyncio.run(reading.find(broker, wanted, time))
    except BusError as error:
        raise ShopError(
            f"Kafka at {broker.bootstrap_servers}: {error}. Is the shop up, and TOPIC_PREFIX that of the shop?"
        ) from error
    if not story.nodes:
        raise ShopError(
            f"nothing of {wanted!r} among the {story.looked_at:,} records since {shown(time)}; "
            "--since 1d looks further back, earliest at all there is"
        )
    return story


def _console() -> Console:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # its encoding may lack what a record says
    return Console(width=None if sys.stdout.isatty() else ANY_WIDTH, highlight=False)
