"""The commands `./shop dlq …`: flags in, lines out. The client libraries are needed by these alone."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from dev import plan, running

if TYPE_CHECKING:
    from dev.dlq.letters import How
    from event_bus import Broker

app = typer.Typer(
    help="What the services could not handle: look at it, publish it again, or drop it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

T = TypeVar("T")
State = Annotated[Path, typer.Option(metavar="DIR", help="The folder of the data and logs.")]
What = Annotated[
    list[str] | None,
    typer.Argument(help="Addresses as `list` prints them; or services, with --reason or --all."),
]
Reason = Annotated[str | None, typer.Option(metavar="TEXT", help="Those with this in their reason.")]
Everything = Annotated[bool, typer.Option("--all", help="All that are open.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this it is only said what would be done.")]


@app.command("list")
def show_list(
    service: Annotated[str | None, typer.Argument(help="One of them; all if left out.")] = None,
    state: State = plan.STATE,
    reason: Reason = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was redriven or dropped, and when.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """The dead letters that are open."""
    from dev.dlq import redrive, selection, showing

    services = selection.known([service] if service else [])
    letters = _run(state, lambda broker: redrive.look(broker, services))
    there = [
        (letter, letters.resolved.get(address))
        for address, letter in sorted(letters.found.items())
        if (everything or address not in letters.resolved) and (reason or "") in letter.reason
    ]
    if as_json:
        print(json.dumps([showing.as_json(*entry) for entry in there]))
        return
    for one, resolution in there:
        print(*showing.lines(one, resolution), sep="\n")
    unresolved = [letter for letter, resolution in there if resolution is None]
    print(f"{showing.summary(unresolved)} open{f', {len(there)} in all' if everything else ''}")
    for address in letters.foreign:
        _tell(f"{address} is not a dead letter: somebody else wrote it")


@app.command()
def show(
    address: Annotated[str, typer.Argument(help="As `list` prints it.")], state: State = plan.STATE
) -> None:
    """One letter with its headers and its value."""
    from dev.dlq import redrive, showing
    from dev.dlq.address import Address

    place = Address.parse(address)
    found = _run(state, lambda broker: redrive.fetch(broker, place))
    print(*showing.whole(*found), sep="\n")


@app.command("redrive")
def redrive_letters(
    what: What = None,
    state: State = plan.STATE,
    reason: Reason = None,
    everything: Everything = False,
    yes: Yes = False,
) -> None:
    """Publish records again to the topics from which they came, each once."""
    _resolve("redriven", "redrive", what or [], state, reason, everything, yes)


@app.command("drop")
def drop_letters(
    what: What = None,
    state: State = plan.STATE,
    reason: Reason = None,
    everything: Everything = False,
    yes: Yes = False,
) -> None:
    """Settle letters of which nothing shall become. They stay readable on the topic."""
    _resolve("dropped", "drop", what or [], state, reason, everything, yes)


def _resolve(
    how: "How", verb: str, what: list[str], state: Path, reason: str | None, everything: bool, yes: bool
) -> None:
    from dev.dlq import redrive, selection, showing
    from dev.dlq.letters import Letter

    def tell(letter: Letter, done: str = how) -> None:
        to = f" → {letter.source.topic}" if how == "redriven" else ""
        print(f"{done} {letter.address}{to}  {showing.escaped(letter.reason)}", flush=True)

    async def resolve(broker: "Broker") -> selection.Chosen:
        selected = selection.select(broker, what, reason, everything)
        if yes:
            return await redrive.resolve(broker, selected, how, tell)
        chosen = await redrive.try_out(broker, selected, how)
        for letter in chosen.letters:
            tell(letter, f"would {verb}")
        return chosen

    chosen = _run(state, resolve)
    print(f"{showing.summary(chosen.letters)} {how if yes else 'chosen; nothing was done, --yes does it'}")
    for why in chosen.left_out:
        _tell(why)
    if chosen.left_out:
        raise SystemExit(1)


def _run(state: Path, work: "Callable[[Broker], Coroutine[Any, Any, T]]") -> T:
    from dev.dlq.troubles import told

    broker = running.broker(state)
    with told(broker):
        return asyncio.run(work(broker))


def _tell(sentence: str) -> None:
    print(f"shop: {sentence}", file=sys.stderr, flush=True)
