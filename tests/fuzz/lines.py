"""What one line is, for a terminal, for a viewer, and for whoever reads by lines."""

import re

# Controls (ESC, CR, LF, NUL, DEL, NEL, …), line and paragraph separators, and what turns the direction of writing.
NOT_PLAIN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def is_one_plain_line(text: str) -> bool:
    return NOT_PLAIN.search(text) is None
