"""Whether what was printed is what a page shows."""

import re

_TIME = re.compile(r"(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[78]|\r")  # what moves the cursor or gives colours
NOTHING = ("", ">")  # an empty line, a prompt


def is_shown(shown: str, printed: str) -> bool:
    """Line by line, in this order, and nothing else. Spaces at the end of a line are not seen.

    What curl prints ends in no line: an answer of JSON may stand directly before what comes next.
    """
    return re.fullmatch("".join(map(_lines, shown.rstrip().split("\n"))), legible(printed)) is not None


def left_over(shown: str, printed: str) -> list[str] | None:
    """What was printed beside the lines that are shown, in whatever order; None as long as one is missing.

    For a terminal in which things of different keys are told: only those of one key have an order.
    """
    lines = [line for line in legible(printed).splitlines() if line not in NOTHING]
    for pattern in map(_lines, filter(None, shown.rstrip().split("\n"))):
        found = next((line for line in lines if re.fullmatch(pattern, f"{line}\n")), None)
        if found is None:
            return None
        lines.remove(found)
    return lines


def legible(printed: str) -> str:
    text = _CONTROL.sub("", printed)
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n")) + "\n"


def _lines(shown: str) -> str:
    if shown.strip() == "…":
        return r"(?:.*\n)*"
    end = r"\n?" if shown.rstrip().endswith("}") else r"\n"
    return ".*".join(map(_with_times, shown.rstrip().split("…"))) + end


def _with_times(text: str) -> str:
    """One time on a page stands for any other: it says more than a wildcard."""
    return _TIME.pattern.join(map(re.escape, _TIME.split(text)))
