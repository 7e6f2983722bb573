"""The commands `./shop keys …`: asks users_service, by its own command, with the settings of the shop that runs.

They take effect in the database of users_service; the replicas that run find it there.
"""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from dev import plan, record
from dev.errors import ShopError
from dev.paths import ROOT
from dev.security import as_service

app = typer.Typer(
    help="The keys that sign tokens: look at them, or bring a new one into use.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

State = Annotated[Path, typer.Option(metavar="DIR", help="The folder of the data and logs.")]


@app.command("list")
def show_list(state: State = plan.STATE) -> None:
    """The keys, which of them signs, and until when the others are needed."""
    _ask("list", state)


@app.command()
def rotate(state: State = plan.STATE) -> None:
    """Publish a new key, which signs once everybody could read it; no token is refused meanwhile."""
    _ask("rotate", state)


@app.command()
def withdraw(
    number: Annotated[int, typer.Argument(help="As `list` shows it.")], state: State = plan.STATE
) -> None:
    """End a key that was stolen, and all of its tokens, at once."""
    _ask("withdraw", state, str(number))


def _ask(what: str, state: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "users_service", "keys", what, *arguments]
    asked = subprocess.run(command, cwd=ROOT, env=_environment(state))
    if asked.returncode:
        raise SystemExit(asked.returncode)


def _environment(state: Path) -> dict[str, str]:
    """That of the shop that runs, or of one that was not started from here: whose database MONGO_URI names."""
    given, found = plan.settings(), record.read(state.absolute())
    if found is not None:
        found_there = {"MONGO_URI": found.mongo_uri, "KAFKA_BOOTSTRAP_SERVERS": found.bootstrap_servers}
        return given | found_there | as_service("users_service", found)
    if not (given.get("MONGO_URI") or given.get("MONGO_URI_FILE")):
        raise ShopError(
            f"nothing runs on {state}: ./shop up starts it; MONGO_URI names the database of another shop"
        )
    return given
