"""What was told the first time beside what is told again. On disk, in a database that is gone when it is closed.

The two come in different orders, and nobody knows how far apart; so neither can be kept in memory.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Literal

from dev.replay.telling import Fields, Told

Verdict = Literal["same", "different", "missing", "extra"]
VERDICTS: tuple[Verdict, ...] = ("same", "different", "missing", "extra")
SHOWN = 5  # of each verdict: enough to see what was changed

_TABLES = """
    CREATE TABLE consumed (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE told (name TEXT PRIMARY KEY, letter INTEGER, first TEXT, again TEXT) WITHOUT ROWID;
    CREATE VIEW judged AS SELECT *, CASE
        WHEN first IS NULL THEN 'missing' WHEN again IS NULL THEN 'extra'
        WHEN first = again THEN 'same' ELSE 'different' END AS verdict FROM told;
"""
_AGAIN = "INSERT INTO told VALUES (:name, :letter, NULL, :text) ON CONFLICT DO NOTHING"
_FIRST = """
    INSERT INTO told SELECT :name, :letter, :text, NULL
        WHERE :letter OR EXISTS (SELECT 1 FROM consumed WHERE id = :cause)
        ON CONFLICT DO UPDATE SET first = coalesce(first, :text)
"""


@dataclass(frozen=True, slots=True)
class Example:
    """One that is not the same. `fields`: those that differ, the first time and again; empty where one is absent."""

    name: str
    verdict: Verdict
    fields: dict[str, tuple[str, str]]


class Comparison:
    """First all that was consumed and told again, then what was told the first time."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(_TABLES)

    def consumed(self, causes: Iterable[str]) -> None:
        self._database.executemany(
            "INSERT OR IGNORE INTO consumed VALUES (?)", ((cause,) for cause in causes)
        )

    def told_again(self, told: Iterable[Told]) -> None:
        self._database.executemany(_AGAIN, map(_row, told))

    def told_first(self, told: Iterable[Told]) -> None:
        """Events that follow from something else than what was consumed are left out."""
        self._database.executemany(_FIRST, map(_row, told))

    def counts(self, letters: bool) -> dict[Verdict, int]:
        found = self._database.execute(
            "SELECT verdict, count(*) FROM judged WHERE letter = ? GROUP BY verdict", (letters,)
        )
        return dict.fromkeys(VERDICTS, 0) | dict(found.fetchall())

    def anything_missing(self) -> bool:
        found = self._database.execute("SELECT EXISTS (SELECT 1 FROM judged WHERE verdict = 'missing')")
        return bool(found.fetchone()[0])

    def examples(self) -> list[Example]:
        return [example for verdict in VERDICTS[1:] for example in self._examples(verdict)]

    def _examples(self, verdict: Verdict) -> Iterator[Example]:
        rows = self._database.execute(
            "SELECT name, first, again FROM judged WHERE verdict = ? LIMIT ?", (verdict, SHOWN)
        )
        for name, first, again in rows:
            yield Example(name, verdict, _differences(json.loads(first or "{}"), json.loads(again or "{}")))


@contextmanager
def comparison() -> Iterator[Comparison]:
    """SQLite keeps a database without a name in a file that it has deleted already, and little of it in memory."""
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        compared = Comparison(database)
        database.execute("BEGIN")  # never committed: one transaction is quick, and nobody else will read it
        yield compared


def _row(told: Told) -> dict[str, object]:
    text = json.dumps(told.fields)
    return {"name": told.name, "cause": told.cause, "letter": told.is_letter, "text": text}


def _differences(first: Fields, again: Fields) -> dict[str, tuple[str, str]]:
    names = [name for name in {**first, **again} if first.get(name) != again.get(name)]
    if not names:
        return {"order of the fields": (", ".join(first), ", ".join(again))}
    return {name: (first.get(name, ""), again.get(name, "")) for name in names}
