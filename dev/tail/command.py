"""The command `./shop tail`: flags in, lines out."""

import os
import sys
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dev import plan, record
from dev.errors import ShopError
from dev.tail import showing

LAST = 10  # lines to begin with, as of tail(1)


def tail(
    topic: Annotated[str | None, typer.Argument(help="Any topic; the log lines if left out.")] = None,
    state: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the data and logs.")] = plan.STATE,
    url: Annotated[str | None, typer.Option(metavar="ws://…", help="Another hub.")] = None,
    service: Annotated[str | None, typer.Option(metavar="NAME,…", help="Lines of these services.")] = None,
    event: Annotated[str | None, typer.Option(metavar="NAME,…", help="Lines of these events.")] = None,
    user: Annotated[str | None, typer.Option(metavar="NAME,…", help="Lines of these people.")] = None,
    correlation_id: Annotated[
        str | None, typer.Option(metavar="ID,…", help="Lines of these stories.")
    ] = None,
    level: Annotated[str | None, typer.Option(metavar="LEVEL", help="Of this level or a graver one.")] = None,
    contains: Annotated[str | None, typer.Option(metavar="TEXT", help="Lines in which this stands.")] = None,
    regex: Annotated[str | None, typer.Option(metavar="RE2", help="Lines that match it.")] = None,
    last: Annotated[int | None, typer.Option(metavar="N", help=f"Begin with so many; {LAST} else.")] = None,
    since: Annotated[str | None, typer.Option(metavar="5m|TIME", help="Begin at that time.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Begin with the oldest line.")] = False,
    no_follow: Annotated[bool, typer.Option("--no-follow", help="End with what there is now.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The lines as they are, for a program.")] = False,
    utc: Annotated[bool, typer.Option("--utc", help="Times in UTC.")] = False,
    token: Annotated[str | None, typer.Option(envvar="SHOP_TOKEN", help="If the hub asks for one.")] = None,
) -> None:
    """Print the lines of the hub as they come."""
    from dev.tail import following  # the client library is needed by this command alone

    begin = _begin(last, since, everything)
    given = {"service": service, "event": event, "user": user, "correlation_id": correlation_id}
    given |= {"level": level, "contains": contains, "regex": regex}
    only = {name: value for name, value in given.items() if value is not None}
    hub = following.Hub(url or _running(state), topic, token)
    messages = (
        following.there_is(hub, begin, only) if no_follow else following.follow(hub, begin, only, _tell)
    )
    try:
        _print(messages, _raw if as_json else _for_people(utc))
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:  # `| head` has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is flushed at the end


def _begin(last: int | None, since: str | None, everything: bool) -> dict[str, str]:
    """In the words of the hub, which says what is wrong with a value."""
    given = {} if last is None else {"last": str(last)}
    given |= {} if since is None else {"since": since}
    given |= {"from": "earliest"} if everything else {}
    if len(given) > 1:
        raise ShopError("--last, --since and --all exclude each other: each says where to begin")
    return given or {"last": str(LAST)}


def _running(state: Path) -> str:
    found = record.read(state.absolute())
    if found is None:
        raise ShopError(f"nothing runs on {state}; ./shop up starts it, --url names another hub")
    return found.urls["logs_service"]


def _print(messages: Iterable[dict[str, Any]], show: Callable[[dict[str, Any]], object]) -> None:
    for message in messages:
        if "line" in message:
            show(message)
        elif message.get("notice") == "lost":
            _tell(showing.lost(message))


def _raw(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(message["line"].encode() + b"\n")
    sys.stdout.buffer.flush()


def _for_people(utc: bool) -> Callable[[dict[str, Any]], object]:
    """Cut to the width of a terminal; whole and without colours anywhere else."""
    console = Console()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # its encoding may lack what a message says
    if not console.is_terminal:
        return lambda message: print(showing.line(message, utc).plain, flush=True)
    return lambda message: console.print(showing.line(message, utc), no_wrap=True, overflow="ellipsis")


def _tell(sentence: str) -> None:
    Console(stderr=True).print(
        f"shop: {sentence}", style="dim", highlight=False, markup=False, soft_wrap=True
    )
