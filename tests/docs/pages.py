"""The Markdown of the project: its command blocks, its links, its headings.

A block whose info string is `sh run` is typed into a shell, in the root of the clone, while a shop runs; an `output`
block directly below is what it has to print: `…` stands for any text within a line, a line of only `…` for any
lines, a time for any time. `sh run soon` is typed again until it prints that: what it shows comes a moment later.
`sh run beside` goes on in a terminal of its own up to the end of the page; what it has to print next stands directly
below it, and in any `output` block that has no command above it.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from dev.paths import ROOT

_MARKDOWN = MarkdownIt("commonmark").enable("table")
WALKED = "docs/adding_a_service.md"  # by a test of its own, tests/dev/new_service/test_walk.py: it changes its clone
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")])


@dataclass(frozen=True, slots=True)
class Block:
    """Fenced lines. `info` is what stands behind the fence; `output` what stands below as its output."""

    page: Path
    line: int
    info: tuple[str, ...]
    text: str
    output: str | None = None

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"

    @property
    def is_run(self) -> bool:
        return self.info[:2] == ("sh", "run")

    @property
    def is_output(self) -> bool:
        return self.info == ("output",)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def tokens(page: Path) -> list[Token]:
    return _MARKDOWN.parse(page.read_text(encoding="utf-8"))


def blocks(page: Path) -> list[Block]:
    """The blocks in their order; outputs that stand directly below a command are part of it."""
    found: list[Block] = []
    before = None
    for token in tokens(page):
        if token.type != "fence":
            before = None
            continue
        assert token.map
        block = Block(page, token.map[0] + 1, tuple(token.info.split()), token.content)
        if block.is_output and before and before.is_run:
            found[-1] = Block(before.page, before.line, before.info, before.text, block.text)
        else:
            found.append(block)
        before = block
    return found


def code(page: Path) -> Iterator[str]:
    """What stands in backquotes, and the lines of the shell blocks."""
    for token in tokens(page):
        yield from (child.content for child in token.children or () if child.type == "code_inline")
        if token.type == "fence" and token.info.startswith("sh"):
            yield from token.content.replace("\\\n", " ").splitlines()


def links(page: Path) -> list[str]:
    """Targets of links and images, and addresses in angle brackets."""
    return [
        str(child.attrs.get("href") or child.attrs.get("src"))
        for token in tokens(page)
        for child in token.children or ()
        if child.type in ("link_open", "image")
    ]


def anchors(page: Path) -> set[str]:
    """As GitHub makes them: lower case, spaces to hyphens, without punctuation; the second of a name ends in -1."""
    seen: Counter[str] = Counter()
    found = set()
    parsed = tokens(page)
    for heading, inline in itertools.pairwise(parsed):
        if heading.type == "heading_open":
            words = "".join(child.content for child in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return found
