"""The folder of a new broker, formatted as Kafka's own tool does it.

The tool is run once, when the jars are new; what it writes for a cluster (which features are on) is the same for
each, so a new folder gets a copy and an identity of its own, without a second JVM.
"""

import base64
import shutil
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from dev import environments
from dev.errors import ShopError
from dev.kafka.jars import LOCK, locked
from dev.kafka.properties import server_properties
from dev.paths import TOOLS


def format_once(data: Path, java: Sequence[str]) -> None:
    """Make the folder a broker's if it is none yet. `java` = the command up to the name of the main class."""
    identity = data / "meta.properties"
    if identity.exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_features(java), data / "bootstrap.checkpoint")
    unfinished = identity.with_suffix(".new")
    unfinished.write_text(f"version=1\nnode.id=1\ncluster.id={_identifier()}\ndirectory.id={_identifier()}\n")
    unfinished.rename(identity)  # last and whole: a broker takes a folder with this file as formatted


def _features(java: Sequence[str]) -> Path:
    """The record of the features of this Kafka release, made by its own tool."""
    release = next(jar.version for jar in locked(LOCK) if jar.group == "org.apache.kafka")
    made = TOOLS / f"bootstrap-{release}.checkpoint"
    with environments.one_at_a_time("bootstrap"):
        if not made.exists():
            with TemporaryDirectory(dir=TOOLS) as scratch:
                _formatted_by_kafka(Path(scratch), java).rename(made)
    return made


def _formatted_by_kafka(scratch: Path, java: Sequence[str]) -> Path:
    settings = scratch / "server.properties"
    settings.write_text(server_properties(scratch / "data", port=9092, controller_port=9093))
    command = [*java, "kafka.tools.StorageTool", "format", "-t", _identifier(), "-c", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ShopError(f"Kafka could not format a folder: {(done.stderr or done.stdout).strip()[-300:]}")
    return scratch / "data" / "bootstrap.checkpoint"


def _identifier() -> str:
    """A random UUID in the 22 characters of Kafka's notation, which may not begin with a dash."""
    text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return text if not text.startswith("-") else _identifier()
