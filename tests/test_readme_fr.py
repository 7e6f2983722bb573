"""README.fr.md keeps step with README.md: section by section the same commands, names, links, table rows and figures.

The words are free, and so is a comment behind a command (`# …`).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dev.paths import ROOT

ENGLISH, FRENCH = ROOT / "README.md", ROOT / "README.fr.md"
CODE, SPAN, LINK, ROW, FIGURE = KINDS = (
    "line of a code block",
    "inline code",
    "link to",
    "table row with",
    "figure",
)
IN_ORDER = {CODE, ROW}  # names within a sentence change places with the language


@dataclass
class Section:
    """A heading, and what stands under it up to the next one."""

    level: str
    title: str
    facts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def sections(file: Path) -> list[Section]:
    found: list[Section] = []
    row: list[str] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(file.read_text(encoding="utf-8"))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open":
            found.append(Section(token.tag, following.content if following else ""))
        elif token.type == "tr_close":
            found[-1].facts[ROW].append(", ".join(sorted(row)) or "words alone")
        row = [] if token.type == "tr_open" else row
        for kind, text in facts_of(token, french=file == FRENCH):
            found[-1].facts[kind].append(text)
            row.append(text)
    return found


def facts_of(token: Token, french: bool) -> Iterator[tuple[str, str]]:
    """Pairs of a kind and a text. Headings have other names, and so have links to them; x.fr.md stands for x.md."""
    if token.type in {"fence", "code_block"}:
        yield from lines_of(token)
    for child in token.children or []:
        if child.type == "code_inline":
            yield SPAN, f"`{child.content}`"
        elif child.type in {"link_open", "image"}:
            target = str(child.attrs.get("href") or child.attrs["src"]).replace(".fr.md", ".md")
            yield LINK, "a section of this page" if target.startswith("#") else target
    words = "".join(child.content if child.type == "text" else " " for child in token.children or [])
    yield from ((FIGURE, figure) for figure in figures_in(words, french))


def lines_of(fence: Token) -> Iterator[tuple[str, str]]:
    """A block line by line, without comments."""
    for line in [f"```{fence.info}", *fence.content.splitlines()]:
        yield CODE, re.sub(r"(^|\s+)# .*", "", line)


def figures_in(text: str, french: bool) -> list[str]:
    """Numbers with their units. French writes 1 000, 5,5 s and 512 Mio where English has 1,000, 5.5 s and 512 MiB."""
    text = re.sub(r"(?<=\d)\s(?=\d{3}\b)" if french else r"(?<=\d),(?=\d{3}\b)", "", text)
    if french:
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
        text = re.sub(r"(?<=\d)(\s?[kMG]i?)o\b", r"\1B", text)
    found = re.findall(r"\d+(?:\.\d+)*(?:\s?(?:%|(?:m?s|min|[kMG]i?B)\b))?", text)
    return ["".join(figure.split()) for figure in found]


def pairs() -> list[tuple[Section, Section]]:
    english, french = sections(ENGLISH), sections(FRENCH)
    headings = [[f"{section.level} {section.title}" for section in side] for side in (english, french)]
    levels = [[section.level for section in side] for side in (english, french)]
    assert levels[0] == levels[1], "the headings differ:\nREADME.md: {}\nREADME.fr.md: {}".format(*headings)
    return list(zip(english, french, strict=True))


def differences(kind: str, english: Section, french: Section) -> Iterator[str]:
    ours, theirs = english.facts[kind], french.facts[kind]
    for text in (Counter(ours) - Counter(theirs)).elements():
        yield f"README.fr.md lacks the {kind} {text}, in the section “{french.title}”"
    for text in (Counter(theirs) - Counter(ours)).elements():
        yield f"README.md lacks the {kind} {text}, in the section “{english.title}”"
    if kind in IN_ORDER and Counter(ours) == Counter(theirs) and ours != theirs:
        yield f"README.fr.md has each {kind} …, in another order, in the section “{french.title}”"


@pytest.mark.parametrize("kind", KINDS)
def test_what_one_readme_has_the_other_has(kind: str) -> None:
    assert any(section.facts[kind] for section, _ in pairs()), f"README.md has no {kind} at all"
    found = [line for english, french in pairs() for line in differences(kind, english, french)]
    assert not found, "\n".join(found)
