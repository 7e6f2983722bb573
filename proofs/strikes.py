"""Orders to a process of the shop: die, or freeze, when you come to this crash point.

An order is a file that the process finds when it is there, so it can be given to one that runs already. It is
carried out once: the file is renamed before the signal.
"""

import signal
from pathlib import Path

from event_bus.crash_points import CrashPoint


class Orders:
    """Those of one service, in a folder."""

    def __init__(self, folder: Path, service: str) -> None:
        self._folder, self._service = folder, service
        folder.mkdir(parents=True, exist_ok=True)

    def give(self, point: CrashPoint, number: signal.Signals = signal.SIGKILL) -> None:
        self._done(point).unlink(missing_ok=True)
        new = self._folder / f".{self._service}.{point.name}"
        new.write_text(str(number.value))
        new.rename(self._open(point))

    def withdraw(self, point: CrashPoint) -> None:
        self._open(point).unlink(missing_ok=True)

    def take(self, point: CrashPoint) -> signal.Signals | None:
        """For the process itself: the signal that it was ordered to send to itself here."""
        given = self._open(point)
        try:
            number = signal.Signals(int(given.read_text()))
            given.rename(self._done(point))
        except FileNotFoundError:
            return None
        return number

    def was_obeyed(self, point: CrashPoint) -> bool:
        return self._done(point).exists()

    def _open(self, point: CrashPoint) -> Path:
        return self._folder / f"{self._service}.{point.name}"

    def _done(self, point: CrashPoint) -> Path:
        return self._folder / f"{self._service}.{point.name}.done"
