"""Turns the value of a record into one line, and a line into one WebSocket text frame (RFC 6455, 5.2).

Knows nothing of connections: a frame of a server is not masked, so the same bytes serve every client.
"""

import re
import struct

_TEXT = 0x81  # FIN and opcode 1: a text message in one frame

# A control character other than a tab can only be foreign: JSON escapes it inside a string, and outside of one
# it is a space. LF and CR would make two lines of one; others could steer a terminal that shows it.
_SPACES = bytes(code if code >= 0x20 or code == 0x09 else 0x20 for code in range(256))
# The same beyond ASCII: the C1 controls, LINE SEPARATOR and PARAGRAPH SEPARATOR.
_CONTROLS = re.compile("[\x80-\x9f\u2028\u2029]")

_SHORT = struct.Struct("!BB")
_MEDIUM = struct.Struct("!BBH")
_LONG = struct.Struct("!BBQ")


def one_line(value: bytes) -> bytes:
    """The value without line breaks, as valid UTF-8 (a browser closes on anything else); mostly itself."""
    line = value.rstrip(b"\r\n").translate(_SPACES)
    return line if line.isascii() else _CONTROLS.sub(" ", line.decode(errors="replace")).encode()


def text_frame(line: bytes) -> bytes:
    size = len(line)
    if size < 126:
        return _SHORT.pack(_TEXT, size) + line
    if size < 65_536:
        return _MEDIUM.pack(_TEXT, 126, size) + line
    return _LONG.pack(_TEXT, 127, size) + line


def frame_head(size: int) -> int:
    """How many bytes stand before a text of this size."""
    return 2 if size < 126 else 4 if size < 65_536 else 10
