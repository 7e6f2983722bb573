"""A page walked word by word: what stands in its blocks is typed and written, in their order, in a clone.

Its blocks are those of `tests.docs.pages`; besides, a block `LANGUAGE file=PATH` becomes that file.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from tests.dev.new_service.clones import Clone
from tests.docs.pages import Block, blocks
from tests.docs.showing import is_shown

SOON = 20.0  # seconds


def steps(page: Path) -> list[Block]:
    """Those that are typed or written; other blocks are only to look at."""
    return [block for block in blocks(page) if block.is_run or _file(block)]


def _file(block: Block) -> str | None:
    """The path of the file that it becomes."""
    return next((word.removeprefix("file=") for word in block.info if word.startswith("file=")), None)


def walk(step: Block, clone: Clone, places: Mapping[str, str]) -> None:
    """`places`: addresses as the page has them, and what they are for this clone."""
    if file := _file(step):
        path = clone.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.text, encoding="utf-8")
        return
    script = step.text
    for usual, here in places.items():
        script = script.replace(usual, here)
    end = time.monotonic() + (SOON if "soon" in step.info else 0)
    while wrong := _wrong(step, clone, script):
        assert time.monotonic() < end, wrong
        time.sleep(0.2)  # between two looks


def _wrong(step: Block, clone: Clone, script: str) -> str:
    done = clone.sh(script)
    told = f"line {step.line}: {step.text}ended with {done.returncode}\n{done.stdout}{done.stderr}"
    if done.returncode:
        return told
    return told if step.output is not None and not is_shown(step.output, done.stdout) else ""
