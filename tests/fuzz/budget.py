"""How many cases a test tries: few and always the same ones in `./shop test`, many and new ones in `./shop fuzz`."""

import os
from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings

from dev.fuzzing import DOSE, LONG

T = TypeVar("T")
IS_LONG = os.environ.get(DOSE) == LONG
TRIED: Counter[str] = Counter()  # cases, by what they were tried on


def cases(short: int, long: int) -> settings:
    """For a test of hypothesis. A slow example is no finding: the machine may be busy. What is found is printed as it
    is: to make it smaller would take hundreds of requests."""
    return settings(
        max_examples=long if IS_LONG else short,
        derandomize=not IS_LONG,
        database=None,  # the seed finds it again
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def some(items: Iterable[T], each: int) -> list[T]:
    """All of them, or in `./shop test` every `each`th one: a step that comes to every text sooner or later."""
    return list(items)[:: 1 if IS_LONG else each]


def tried(target: str) -> None:
    TRIED[target] += 1
