"""A page walked word by word: what stands in its blocks is typed and written, in their order, in a clone.

A block `sh run` is typed; an `output` block directly below it is what has to be printed, `…` for any text, a line of
only `…` for any lines; `sh run soon` is typed again until it is. A block `LANGUAGE file=PATH` becomes that file.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from tests.dev.new_service.clones import Clone

SOON = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Step:
    """One block. `shown`: its output, if the page shows one; `line`: where it begins on the page."""

    line: int
    info: str
    text: str
    shown: str | None = None

    @property
    def file(self) -> str | None:
        found = re.search(r"\bfile=(\S+)", self.info)
        return found[1] if found else None

    @property
    def is_run(self) -> bool:
        return self.info.split()[:2] == ["sh", "run"]


def steps(page: Path) -> Iterator[Step]:
    """Those that are typed or written; other blocks are only to look at."""
    tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "fence" and token.map:
            below = following if following and following.type == "fence" else None
            shown = below.content if below and below.info.strip() == "output" else None
            step = Step(token.map[0] + 1, token.info, token.content, shown)
            if step.is_run or step.file:
                yield step


def walk(step: Step, clone: Clone, places: Mapping[str, str]) -> None:
    """`places`: addresses as the page has them, and what they are for this clone."""
    if step.file:
        path = clone.root / step.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.text, encoding="utf-8")
        return
    script = step.text
    for usual, here in places.items():
        script = script.replace(usual, here)
    end = time.monotonic() + (SOON if "soon" in step.info.split() else 0)
    while wrong := _wrong(step, clone, script):
        assert time.monotonic() < end, wrong
        time.sleep(0.2)  # between two looks


def _wrong(step: Step, clone: Clone, script: str) -> str:
    done = clone.sh(script)
    told = f"line {step.line}: {step.text}ended with {done.returncode}\n{done.stdout}{done.stderr}"
    if done.returncode:
        return told
    return told if step.shown is not None and not is_shown(step.shown, done.stdout) else ""


def is_shown(shown: str, printed: str) -> bool:
    lines = shown.rstrip().split("\n")
    patterns = [r"(?:.*\n)*" if line.strip() == "…" else _line(line) for line in lines]
    return re.fullmatch("".join(patterns), printed.rstrip() + "\n") is not None


def _line(shown: str) -> str:
    return ".*".join(map(re.escape, shown.rstrip().split("…"))) + r"[ ]*\n"
