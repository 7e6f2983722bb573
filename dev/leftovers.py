"""Stops what a record names, in the reverse order of its start. For `down`, and after a launcher that was killed."""

from collections.abc import Sequence

import psutil

from dev.child import GRACE
from dev.record import Record

SERVERS = ("kafka", "mongo")  # everything else needs them, so they go last


def living(record: Record) -> dict[str, psutil.Process]:
    """The recorded processes that still live, by name."""
    found = {name: running.process() for name, running in record.processes.items()}
    return {name: process for name, process in found.items() if process}


def stop(record: Record) -> list[str]:
    """The names of what was still there, and no longer is."""
    processes = living(record)
    for process in processes.values():
        # A frozen server would hold up the end of everybody who waits for its answer.
        _send(process, "resume")
    stop_together([process for name, process in processes.items() if name not in SERVERS])
    stop_together([process for name, process in processes.items() if name in SERVERS])
    return list(processes)


def stop_together(processes: Sequence[psutil.Process], grace: float = GRACE) -> None:
    """SIGTERM to each, SIGKILL to what is left after so many seconds."""
    for process in processes:
        _send(process, "terminate")
    _gone, left = psutil.wait_procs(processes, timeout=grace)
    for process in left:
        _send(process, "kill")
    psutil.wait_procs(left, timeout=grace)


def _send(process: psutil.Process, what: str) -> None:
    try:
        getattr(process, what)()
    except psutil.NoSuchProcess:
        return
