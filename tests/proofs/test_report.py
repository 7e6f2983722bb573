"""What a run tells: a program gets all of it, a page needs nothing else, the tables of the docs keep other rows."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from event_bus.crash_points import CrashPoint
from proofs import report
from proofs.audit import CHECKS, Verdict
from proofs.cases import CASES, TEETH
from proofs.cases.case import Case
from proofs.cases.crashes import PLACES
from proofs.faults import Fault
from proofs.page import render
from proofs.run import Options, Outcome, Second
from proofs.sabotage import SAFEGUARDS

OPTIONS = Options("seed7")


def outcome(name: str = "calm", case: Case | None = None, **offenders: list[str]) -> Outcome:
    found = {check: list[str]() for check in CHECKS} | offenders
    return Outcome(
        case or CASES[name],
        Verdict(found, [0.01, 0.02]),
        {"ok": 5, "fail": 1},
        [Fault(101.5, "kill -9 <someone>", "users_service", bit=True)],
        seconds=12.0,
        begun=100.0,
        course=[Second(3, 2, 0.01), Second(2, 3, 0.02)],
    )


def test_a_program_gets_every_offender() -> None:
    told = json.loads(report.as_json([outcome(lost=[f"op-{n}" for n in range(50)])], OPTIONS))
    assert (told["seed"], told["ok"]) == ("seed7", False)
    (case,) = told["cases"]
    assert (case["case"], case["ok"], len(case["offenders"]["lost"])) == ("calm", False, 50)
    assert case["faults"] == [{"second": 1.5, "what": "kill -9 <someone>", "bit": True}]
    assert set(case["offenders"]) == set(CHECKS)


def test_with_a_safeguard_off_its_own_check_must_be_red() -> None:
    case = TEETH["outbox"].case
    assert not outcome(case=case).as_it_must_be
    assert not outcome(case=case, other=["no fault bit"]).as_it_must_be
    assert outcome(case=case, lost=["op-1"]).as_it_must_be


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found += [value or "" for name, value in attributes if name in ("src", "href")]


def test_the_page_is_one_file_that_loads_nothing() -> None:
    text = render([outcome(phantom=["<script>alert(1)</script>"])], OPTIONS)
    page = Links()
    page.feed(text)
    assert page.found == []
    assert "<script>alert" not in text
    assert page.tags.count("script") == 1
    assert page.tags.count("svg") == 1
    (data,) = re.findall(r'id="report">(.*?)</script>', text, re.DOTALL)
    assert json.loads(data)["cases"][0]["offenders"]["phantom"] == ["<script>alert(1)</script>"]


def test_the_table_of_the_docs_is_written_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "guarantees.md"
    page.write_text(f"before\n{report.BEGIN}\n{report.END}\nafter\n")
    monkeypatch.setattr(report, "GUARANTEES", page)
    report.write_down([outcome("calm"), outcome("poison")], OPTIONS)
    report.write_down([outcome("calm", lost=["op-1"])], Options("seed8"))
    rows = [line for line in page.read_text().splitlines() if line.startswith("| `")]
    assert [re.split(r" *\| *", row)[1] for row in rows] == ["`calm`", "`poison`"]
    assert "seed8" in rows[0]
    assert "seed7" in rows[1]
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("after\n")


def test_long_runs_are_added_to_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, runs = tmp_path / "guarantees.md", tmp_path / "runs.csv"
    page.write_text(f"{report.BEGIN}{report.END}")
    monkeypatch.setattr(report, "GUARANTEES", page)
    monkeypatch.setattr(report, "RUNS", runs)
    report.write_down([outcome("everything")], OPTIONS)
    report.write_down([outcome("everything", lost=["op-1"])], OPTIONS)
    assert [line.split(",")[6] for line in runs.read_text().splitlines()] == ["clean", "broken"]


def test_each_safeguard_has_its_case() -> None:
    assert set(TEETH) == set(SAFEGUARDS)


def test_each_crash_point_is_struck_somewhere() -> None:
    assert {point for points in PLACES.values() for point in points} == set(CrashPoint)
