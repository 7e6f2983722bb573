"""All tests at once, and what failed then once more, alone.

They run real brokers and databases, and some look at the clock. On a machine that does too much at once one of them
may be too slow: that is no fault of the shop, and it is never hidden, for both rounds are shown.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from dev.paths import ROOT

# On two cores: a good third of the time a test waits. By itself the plugin begins with the files of many tests,
# which are short, and ends with the long stories of one or two.
AT_ONCE = ["-n", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
# Begun first, the longest first: a long one that begins last is all that runs in the end.
LONGEST = [
    "tests/inventories_service/test_acceptance.py",
    "tests/payments_service/test_acceptance.py",
    "tests/secure/test_secure_shop.py",
    "tests/event_bus/test_worker_killed.py",
    "tests/proofs/model/test_stories.py",
    "tests/dev/new_service/test_kinds.py",
    "tests/docs/test_commands.py",
    "tests/fuzz/test_edge.py",
    "tests/flows/test_audit.py",
    "tests/flows/test_dead_letters.py",
    "tests/flows/test_killed.py",
    "tests/flows/test_stock_killed.py",
    "tests/users_service/test_rotating.py",
    "tests/dev/dlq/test_redrive_killed.py",
    "tests/event_bus/test_transport.py",
    "tests/flows/test_kafka_away.py",
    "tests/event_bus/test_relay_killed.py",
    "tests/dev/test_command.py",
    "tests/dev/test_replicas.py",
]
MOST = 8  # failures that a busy machine may explain; more of them are the fault of something else
FAILED = 1  # pytest: some tests failed
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def run_all(arguments: Sequence[str], console: Console, folder: Path = ROOT) -> int:
    """The exit code."""
    (folder / LAST_FAILED).unlink(missing_ok=True)
    code = _pytest(folder, *arguments, *AT_ONCE)
    failed = _failed(folder)
    if code != FAILED or not 0 < len(failed) <= MOST:
        return code
    console.print(f"{len(failed)} failed while others ran beside them. Once more, one after the other:")
    return _pytest(folder, *failed)


def _failed(folder: Path) -> list[str]:
    there = folder / LAST_FAILED
    return list(json.loads(there.read_text())) if there.exists() else []


def _pytest(folder: Path, *arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=folder).returncode
