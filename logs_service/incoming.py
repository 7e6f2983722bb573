"""What clients send. Nothing is done with it, but it has to be little, and text has to be text."""

import codecs

from websockets.frames import CloseCode, Frame, Opcode

# Frames of any kind, pings too: each costs some 15 µs, and one client could keep the hub busy with nothing else. Ten
# a second are more than any client needs; who has that much to say talks to the wrong service.
MOST_FRAMES = 100
WINDOW_SECONDS = 10.0

_utf8_decoder = codecs.getincrementaldecoder("utf-8")


class Incoming:
    def __init__(self) -> None:
        self._frames = 0
        self._window_ends = 0.0
        self._text: codecs.IncrementalDecoder | None = (
            None  # of the message that is being received, if it is text
        )

    def fault(self, frame: Frame, now: float) -> tuple[CloseCode, str] | None:
        """With which code and reason to close, if that is called for."""
        if now >= self._window_ends:
            self._window_ends, self._frames = now + WINDOW_SECONDS, 0
        self._frames += 1
        if self._frames > MOST_FRAMES:
            return CloseCode.POLICY_VIOLATION, f"over {MOST_FRAMES} frames in {WINDOW_SECONDS:g} s"
        return None if self._is_proper(frame) else (CloseCode.INVALID_DATA, "text that is not UTF-8")

    def _is_proper(self, frame: Frame) -> bool:
        """RFC 6455 §8.1; a character may be cut between two fragments."""
        if frame.opcode is Opcode.TEXT:
            self._text = _utf8_decoder()
        elif frame.opcode is Opcode.BINARY:
            self._text = None
        if self._text is None or frame.opcode not in (Opcode.TEXT, Opcode.CONT):
            return True
        try:
            self._text.decode(bytes(frame.data), final=frame.fin)
        except UnicodeDecodeError:
            return False
        return True
