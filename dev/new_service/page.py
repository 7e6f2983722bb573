"""A table of the project as text, and the few ways in which a line is added to one.

Each looks for the place that a person would look for. Where it is not there, or not once, nothing is guessed.
"""

import re
from pathlib import Path

from dev.errors import ShopError


class Page:
    """A file of the project, with what is to be added to it."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8")

    def before(self, place: str, addition: str) -> None:
        """`place` stands there once."""
        if self.text.count(place) != 1:
            raise self._lost(place)
        self.text = self.text.replace(place, addition + place)

    def behind_each(self, line: str, addition: str) -> None:
        """Behind every line that is exactly this one."""
        self._replace(rf"^{re.escape(line)}\n", rf"\g<0>{addition}", 0)

    def behind_last(self, lines: str, addition: str) -> None:
        """`lines`: an expression for whole lines that belong together."""
        found = list(re.finditer(rf"^{lines}\n", self.text, re.MULTILINE))
        if not found:
            raise self._lost(lines)
        end = found[-1].end()
        self.text = self.text[:end] + addition + self.text[end:]

    def row(self, opening: str, addition: str) -> None:
        """As the last row of what this line opens, up to the line that closes it."""
        self._replace(rf"^{re.escape(opening)}.*\n(?:(?![)\]}}]).*\n)*", rf"\g<0>{addition}", 1)

    def word(self, line: str, addition: str) -> None:
        """At the end of the one line that begins with this."""
        self._replace(rf"^{re.escape(line)}.*$", rf"\g<0>{addition}", 1)

    def imported(self, module: str, name: str) -> None:
        """Among the names that come from this module; ruff brings them into their order."""
        self._replace(rf"^from {re.escape(module)} import \(?\s*", rf"\g<0>{name}, ", 1)

    def end(self, addition: str) -> None:
        self.text += addition

    def _replace(self, expression: str, by: str, count: int) -> None:
        self.text, found = re.subn(expression, by, self.text, count=count, flags=re.MULTILINE)
        if not found:
            raise self._lost(expression)

    def _lost(self, place: str) -> ShopError:
        return ShopError(f"{self.path} is not as it was: {place!r} is not where a service is added")
