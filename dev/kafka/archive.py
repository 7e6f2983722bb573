"""The broker's classes as a JVM holds them in memory, kept in a file: who maps it is ready after half the CPU.

It is for one Java and one set of jars; a JVM that meets one of another goes on as if there were none.
"""

import hashlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from dev import environments, ports
from dev.kafka.jars import LOCK
from dev.paths import TOOLS

DUMPED_WITHIN = 60.0  # seconds; three on a machine that has nothing else to do


def options(program: Path) -> list[str]:
    """What the command of a broker takes for it, if there is one for this Java."""
    kept = _kept(program)
    return [f"-XX:SharedArchiveFile={kept}"] if kept.exists() and kept.stat().st_size else []


def make(program: Path) -> None:
    """Once for a Java and a release, by a broker that does nothing but start and stop."""
    from dev.kafka.broker import Kafka  # here, because a broker asks this module for its options

    with environments.one_at_a_time("classes"):
        kept = _kept(program)
        if kept.exists():
            return
        print("preparing the classes of Apache Kafka (once)", file=sys.stderr, flush=True)
        with TemporaryDirectory(dir=TOOLS) as scratch:
            unfinished = Path(scratch, kept.name)
            port, controller_port = ports.free(2)
            broker = Kafka(Path(scratch, "broker"), port, controller_port)
            broker.more_options = [f"-XX:ArchiveClassesAtExit={unfinished}"]
            try:
                broker.start()
            finally:
                broker.running.stop(DUMPED_WITHIN)
            unfinished.touch()  # empty: a Java that was cut down to its least can't
            unfinished.rename(kept)


def _kept(program: Path) -> Path:
    real = program.resolve()
    of = f"{real} {real.stat().st_mtime_ns} {LOCK.read_text()}"
    return TOOLS / f"classes-{hashlib.sha256(of.encode()).hexdigest()[:16]}.jsa"
