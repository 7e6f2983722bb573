"""What has to happen before a broker that was killed starts again: its own controller must give it up.

Else it still counts as alive while it starts, leads its partitions at once, and loads its open transactions. Then the
controller gives the old life up after all, for a moment nobody leads, and the coordinator takes that for partitions
that were deleted: it *skips* the markers that end those transactions there ("these partitions are likely deleted
already and hence can be skipped"). Readers of committed records then wait for ever, or see an aborted record.
So the node is run as a controller alone until it has fenced its broker, which takes a second and a half.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.child import Child
from dev.errors import ShopError
from dev.kafka.properties import controller_properties
from dev.waiting import until

ACTIVE = "Activated periodic tasks"  # the words of Kafka's own log
FENCED = "Fencing broker 1 "  # said first …
WRITTEN = (
    "fenced=1"  # … and some milliseconds later it is in the controller's own state, on its way to the disk
)
ACTIVE_WITHIN = 30.0  # seconds; one to read a small log, more on a busy machine
FENCED_WITHIN = 3.0  # after that there was none to fence: it was killed before it had registered

_REGISTERED = re.compile(r'"brokerEpoch":\s*[0-9]')


def was_killed(data: Path) -> bool:
    """Kafka leaves a file behind when it stops in order, and takes it away when it starts.

    One that stopped before it could register says there that it had no epoch (-1): its life before still counts.
    """
    if not (data / "__cluster_metadata-0").exists():
        return False
    farewell = data / ".kafka_cleanshutdown"
    return not farewell.exists() or _REGISTERED.search(farewell.read_text()) is None


def fence(
    folder: Path, data: Path, controller_port: int, java: Sequence[str], more: Mapping[str, str] | None = None
) -> None:
    """Returns when the broker of this folder counts as gone. `java` = the command up to the main class."""
    settings, log = folder / "controller.properties", folder / "controller.log"
    settings.write_text(controller_properties(data, controller_port, more))
    log.unlink(missing_ok=True)
    controller = Child("controller", [*java, "kafka.Kafka", str(settings)], log, cwd=folder)
    try:
        if (
            not until(lambda: not controller.alive or _says(log, ACTIVE), ACTIVE_WITHIN)
            or not controller.alive
        ):
            raise ShopError(f"Kafka's controller did not start; its log is {log}: {controller.last_lines(1)}")
        if until(lambda: _says(log, FENCED), FENCED_WITHIN):
            until(lambda: WRITTEN in log.read_text(errors="replace").partition(FENCED)[2], FENCED_WITHIN)
    finally:
        controller.stop()


def _says(log: Path, words: str) -> bool:
    return log.exists() and words in log.read_text(errors="replace")
