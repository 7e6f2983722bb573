"""What a case holds against the shop besides the zeros: a sentence, what was measured, and whether it held."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Demand:
    what: str  # for a person: `everything flows again within 10 s`
    measured: str
    held: bool
