"""A Chromium of this machine: what the tests of the pages and the script of the screenshots look with."""

import shutil

from dev import environments
from dev.paths import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program() -> str | None:
    """Where it is; None if there is none. Nothing is downloaded."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def ensure_driver() -> None:
    """Playwright, which is large, for those alone who have something to drive."""
    if program() is not None:
        environments.ensure(ROOT / ".venv", "browser", ["browser"], fresh=False)
