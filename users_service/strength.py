"""Whether a password could be guessed. CPU alone, for a thread: up to 0.15 s. No await, nothing is kept."""

import threading
from collections.abc import Iterable

LEAST_SCORE = 3  # of 4: more than 10⁸ guesses
# zxcvbn tries every reading of signs that can stand for letters. 72 characters with ten of them take 0.11 s, with all
# 22 of them 4.8 s: nobody writes a word like that, and the beginning is enough to look at.
SIGNS, MOST_SIGNS = frozenset("4@8({[<369&#!1/|0$5+7%2"), 10
WHOLE, BEGINNING = 72, 20

_one_at_a_time = threading.Lock()  # zxcvbn keeps `known` in a dictionary that all calls share


def weakness(password: str, known: Iterable[str]) -> str | None:
    """Why it would be guessed; None if it would not. `known`: what others know of whoever chose it."""
    from zxcvbn import zxcvbn  # 14 MB of words, which only a shop in production needs

    looked_at = password[: WHOLE if len(SIGNS & set(password)) <= MOST_SIGNS else BEGINNING]
    with _one_at_a_time:
        found = zxcvbn(looked_at, list(known))
    if found["score"] >= LEAST_SCORE:
        return None
    feedback = found["feedback"]
    return " ".join(["can be guessed.", *filter(None, [feedback["warning"], *feedback["suggestions"]])])
