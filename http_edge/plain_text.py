"""Text that can be shown: what a terminal, or who reads by lines, would act on is spelled out."""

import re

# Controls (CR, LF, ESC, NUL, DEL, NEL, …), line and paragraph separators, and what turns the direction of writing.
_ACTED_ON = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def spelled_out(text: str) -> str:
    r"""With `\u001b` for ESC. Of JSON on one line this makes the same JSON."""
    return _ACTED_ON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
