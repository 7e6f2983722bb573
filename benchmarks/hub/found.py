"""What a row of the table says, and what the picture is drawn from."""

from dataclasses import dataclass, field

from rich.table import Table

MILLISECOND = 1e6  # nanoseconds
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    what: str
    measured: str
    must: str = ""
    aim: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A curve, or bars if `names` are given."""

    title: str
    unit: str
    values: list[float]
    along: list[float] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def table() -> Table:
    return Table("row", "what", "measured", "must", "aim")
