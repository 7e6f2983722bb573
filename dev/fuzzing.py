"""`./shop fuzz`: many new cases for the HTTP edge and for the decoder of events. `./shop test` tries some of them."""

import os
import secrets
import subprocess
import sys
from collections.abc import Sequence

from dev.paths import ROOT

DOSE, LONG = "FUZZ_DOSE", "long"  # the environment variable that tests/fuzz looks at


def fuzz(arguments: Sequence[str], short: bool, seed: int | None) -> int:
    """The exit code. `short`: what `./shop test` does. Else the seed is drawn if none is given, and printed."""
    command = [sys.executable, "-m", "pytest", "tests/fuzz", *arguments]
    if short:
        return subprocess.run(command, cwd=ROOT).returncode
    seed = secrets.randbelow(2**32) if seed is None else seed
    print(f"seed {seed}: ./shop fuzz --seed {seed} tries the same cases again", flush=True)
    return subprocess.run(
        [*command, f"--hypothesis-seed={seed}"], cwd=ROOT, env={**os.environ, DOSE: LONG}
    ).returncode
