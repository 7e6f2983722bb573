"""The tools of others that scripts/check asks: who has no npm is told by name what was left out."""

import re
import shutil
import subprocess
from pathlib import Path

from dev.paths import ROOT

SCRIPT, LOCK = ROOT / "scripts" / "validate_asyncapi", ROOT / "scripts" / "asyncapi" / "package-lock.json"


def test_without_npm_the_parser_of_asyncapi_is_skipped_by_name(tmp_path: Path) -> None:
    for name in ("sh", "dirname"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run([SCRIPT], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "skipped: there is no npm here, and AsyncAPI's parser is a package of npm" in done.stdout


def test_each_package_of_npm_is_held_by_its_sum_and_comes_from_where_the_machine_is_set_to() -> None:
    lock = LOCK.read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    packages, sums = (
        re.findall(r'^    "node_modules/', lock, re.MULTILINE),
        re.findall('"integrity": "sha512-', lock),
    )
    assert len(packages) == len(sums) > 100


def test_scripts_check_asks_all_of_them() -> None:
    asked = (ROOT / "scripts" / "check").read_text(encoding="utf-8")
    for tool in (
        "./shop docs check",
        "check-jsonschema",
        "openapi-spec-validator",
        "scripts/validate_asyncapi",
    ):
        assert tool in asked
