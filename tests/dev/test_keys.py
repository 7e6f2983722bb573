"""`./shop keys`: users_service is asked, in the database of the shop that runs or of one elsewhere."""

from pathlib import Path

import pytest

from dev import keys, record
from dev.mongo import Mongo
from dev.record import Ident, Record
from tests.dev.conftest import Command


def test_the_answer_of_the_service_and_its_exit_code_are_those_of_the_command(
    tmp_path: Path, mongo: Mongo, prefix: str
) -> None:
    elsewhere = Command(tmp_path, {"MONGO_URI": mongo.uri, "USERS_DATABASE": f"{prefix}users"})
    assert (elsewhere.keys("list").returncode, elsewhere.keys("list").stdout) == (0, "")
    for arguments, sentence in ((["rotate"], "no key signs yet"), (["withdraw", "99"], "no key 99 counts")):
        done = elsewhere.keys(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert sentence in done.stderr


def test_the_shop_that_runs_goes_before_what_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_URI", "mongodb://elsewhere")
    monkeypatch.setenv("USERS_DATABASE", "mine")
    running = Record(
        launcher=Ident(pid=1, created=0.0),
        bootstrap_servers="127.0.0.1:7",
        mongo_uri="mongodb://here",
        urls={},
    )
    monkeypatch.setattr(record, "read", lambda state: running)
    environment = keys._environment(tmp_path)
    assert (environment["MONGO_URI"], environment["USERS_DATABASE"]) == ("mongodb://here", "mine")


def test_where_nothing_runs_it_is_said(tmp_path: Path) -> None:
    nowhere = Command(tmp_path, {"MONGO_URI": "", "MONGO_URI_FILE": ""})
    done = nowhere.keys("list")
    assert (done.returncode, "nothing runs on" in done.stderr) == (1, True)
