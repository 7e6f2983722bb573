"""What a case demands besides the zeros is a row of its own; a case is not as it must be when one did not hold."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from proofs import report
from proofs.audit import CHECKS, Verdict
from proofs.cases import CASES
from proofs.demands import Demand
from proofs.page import render
from proofs.run import Options, Outcome

HELD = Demand("ready again within 10 s", "1.2 s", held=True)
BROKEN = Demand("no process ends by itself", "worker 1", held=False)
OPTIONS = Options("seed7")
EMPTY = Outcome(CASES["broker-killed"], Verdict({check: [] for check in CHECKS}), {"ok": 5}, [], 12.0, 100.0)


def test_a_program_gets_each_demand_with_what_was_measured() -> None:
    (case,) = json.loads(report.as_json([replace(EMPTY, demands=[HELD])], OPTIONS))["cases"]
    assert case["demands"] == [{"what": "ready again within 10 s", "measured": "1.2 s", "held": True}]


def test_a_person_sees_which_one_did_not_hold() -> None:
    outcome = replace(EMPTY, demands=[HELD, BROKEN])
    assert report.demand_row(outcome, HELD)[2] == "1.2 s"
    assert report.demand_row(outcome, BROKEN)[2] == "worker 1 (NOT held)"
    page = render([outcome], OPTIONS)
    assert "<p>ready again within 10 s: 1.2 s</p>" in page
    assert '<p class="bad">no process ends by itself: worker 1</p>' in page


def test_the_table_of_the_docs_tells_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "guarantees.md"
    page.write_text(f"{report.BEGIN}{report.END}")
    monkeypatch.setattr(report, "GUARANTEES", page)
    report.write_down([replace(EMPTY, demands=[HELD])], OPTIONS)
    assert "| ready again within 10 s: 1.2 s |" in page.read_text()
