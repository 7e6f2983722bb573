"""The command `./shop new-service`: flags in, a service and a list of what was made out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from dev.errors import ShopError

PAGE = "docs/adding_a_service.md"
KINDS = ("worker", "stateful", "edge")


def new_service(
    name: Annotated[str | None, typer.Argument(help="What it is called: greetings.")] = None,
    kind: Annotated[str | None, typer.Option(help=", ".join(KINDS))] = None,
    consumes: Annotated[
        list[str] | None, typer.Option(metavar="TYPE", help="The one event that it acts on; not of an edge.")
    ] = None,
    publishes: Annotated[
        list[str] | None,
        typer.Option(metavar="TYPE", help="One new event, which it publishes: greetings.sent.v1."),
    ] = None,
    topic: Annotated[
        str, typer.Option(help="Where that lies; a name that is not there yet becomes a topic.")
    ] = "notifications",
) -> None:
    """Make a service in the shape of the others, with its contract, its tests and its line in every table."""
    from dev.new_service.making import make  # the language is needed by this command alone
    from dev.new_service.wanted import wanted

    if not name:
        raise ShopError("the service needs a name: ./shop new-service greetings --kind worker …")
    asked = wanted(name, kind, _one("--consumes", consumes), _one("--publishes", publishes), topic)
    done = make(asked)
    _list("made", done.new)
    _list("edited", done.edited)
    print("next")
    for step in _next(asked.service, asked.effect_class):
        print(f"  {step}")


def _one(flag: str, given: list[str] | None) -> str | None:
    if given and len(given) > 1:
        raise ShopError(f"{flag} is given {len(given)} times: begin with one event, add rows to app.py later")
    return given[0] if given else None


def _list(title: str, paths: Sequence[Path]) -> None:
    print(title)
    for path in paths:
        print(f"  {path}")


def _next(service: str, effect: str) -> list[str]:
    return [
        f"./shop test tests/{service}     what is there, works",
        f"contracts/events.py: what {effect} says, before anybody relies on it",
        f"tests/{service}: say what the rule shall do (xfail), then write it in {service}/",
        "README.md, README.fr.md, logs_service/page/map.js: better words, a better place",
        f"scripts/check; the whole way: {PAGE}",
    ]
