"""What can be told of the pages without a shop: links lead somewhere, blocks run or say why not, commands exist."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from dev.cli import app
from dev.paths import ROOT
from tests.docs.pages import PAGES, WALKED, anchors, blocks, code, links, name

# The first command of a shell block that no test runs, and who does run it, or why nobody can.
NOT_RUN = {
    "./shop up": "every test of the launcher starts a shop; docs/ itself runs on one",
    "SHOP_PROFILE=production": "tests/secure/test_production.py",
    "./shop test": "it would run itself",
    "./shop new-service": "tests/dev/new_service; it would change this clone",
    "./shop prove": ".ci/run, with seeds of its own; it takes minutes",
    "docker-compose": "needs Docker: tests/containers",
    "websocat": "a program of others; tests/logs_service/test_who_may_connect.py brings a token",
}
NOT_WALKED = [page for page in PAGES if name(page) != WALKED]
TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
SHOP = typer.main.get_command(app)
EXTERNAL = re.compile(r"\w+:")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_to_a_heading(page: Path) -> None:
    dead = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not EXTERNAL.match(link) and not (target.exists() and (not anchor or anchor in anchors(target))):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", NOT_WALKED, ids=name)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = {
        text.partition("::")[0] for text in code(page) if re.fullmatch(r"[\w./-]+/[\w.-]+\.\w+(::\w+)?", text)
    }
    assert sorted(file for file in named if file.split("/")[0] in TOP and not (ROOT / file).exists()) == []


@pytest.mark.parametrize("page", NOT_WALKED, ids=name)
def test_every_block_says_what_it_is(page: Path) -> None:
    """Of commands: that they run, or they begin with one that is in the list above."""
    assert [str(block) for block in blocks(page) if not block.info] == [], "say `text`, if nothing else"
    shells = [block for block in blocks(page) if block.info[0] in ("sh", "bash", "shell", "console")]
    unexplained = [
        str(block) for block in shells if not block.is_run and not block.text.startswith(tuple(NOT_RUN))
    ]
    assert unexplained == []
    assert [str(block) for block in shells if not set(block.info[2:]) <= {"soon", "beside"}] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_of_the_shop_that_is_named_is_there_with_its_options(page: Path) -> None:
    wrong = [text for text in code(page) for part in re.findall(r"\./shop ([a-z].*)", text) if _unknown(part)]
    assert wrong == []


def test_every_figure_that_answers_a_question_is_one() -> None:
    figures = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE))
    _, _, section = (ROOT / "docs/operations.md").read_text().partition("\n## Figures\n")
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    named = {figure for row in rows for figure in re.findall(r"`(\w+)`", row)}
    assert len(named) > 20
    assert named - figures == set()


@pytest.mark.parametrize("typed", ["burn", "dlq burn", "up --nothing", "tail -x", "dlq list --yes"])
def test_what_the_shop_does_not_know_would_be_found(typed: str) -> None:
    assert _unknown(typed)
    assert not _unknown("dlq list --all | wc -l")
    assert not _unknown("bench core --any")


def _unknown(typed: str) -> bool:
    """Whether `./shop` would not know what was typed: up to a pipe, and options by their names alone."""
    command: Any = SHOP
    for word in shlex.split(typed.replace("…", ""), comments=True):
        if word in ("|", ">", "&", "&&"):
            break
        if hasattr(command, "commands"):
            command = command.commands.get(word)
            if command is None:
                return True
        elif word.startswith("-") and not command.context_settings.get("ignore_unknown_options"):
            known = {option for parameter in command.params for option in parameter.opts}
            if word.partition("=")[0] not in {*known, "--help"}:
                return True
    return False
