"""What runs and how it is, for a program (`status --json`) and for a person. Looks, and changes nothing."""

from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from dev.record import Record, Running, read
from dev.scale import service_of
from dev.services import STARTED, readiness
from dev.supervisor import is_frozen

MB = 1024 * 1024


def as_json(state: Path) -> dict[str, Any]:
    """The shape is a promise to programs; `frozen` and `problem` are there only when they say something."""
    record = read(state)
    if record is None:
        return {
            "ready": False,
            "kafka": {"bootstrap_servers": None, "pid": None},
            "mongo": {"uri": None, "pid": None},
            "services": {},
        }
    kafka = {"bootstrap_servers": record.bootstrap_servers} | _process(record, "kafka")
    mongo = {"uri": record.mongo_uri} | _process(record, "mongo")
    services = {kind.name: _services(record, kind.name) for kind in STARTED}
    ours = [server for name, server in (("kafka", kafka), ("mongo", mongo)) if name in record.processes]
    servers_run = all(server["pid"] and "frozen" not in server for server in ours)
    ready = servers_run and all(one["ready"] for first in services.values() for one in _all(first))
    return {"ready": ready, "kafka": kafka, "mongo": mongo, "services": services}


def _process(record: Record, name: str) -> dict[str, Any]:
    """pid null: it should run and does not. A foreign Kafka or MongoDB has no pid of ours, and null too."""
    running = record.processes.get(name)
    alive = running is not None and running.process() is not None
    said: dict[str, Any] = {"pid": running.pid if running and alive else None}
    if running and alive and is_frozen(running.pid):
        said["frozen"] = True
    if running and running.problem:
        said["problem"] = running.problem
    return said


def _services(record: Record, name: str) -> dict[str, Any]:
    """The first one; where it was scaled it has a list of all, itself among them, with their names."""
    there = {replica: _service(record, replica) for replica in record.urls if service_of(replica) == name}
    if len(there) == 1:
        return there[name]
    return there[name] | {"replicas": [{"name": replica, **said} for replica, said in there.items()]}


def _all(first: dict[str, Any]) -> list[dict[str, Any]]:
    replicas: list[dict[str, Any]] = first.get("replicas", [first])
    return replicas


def _service(record: Record, name: str) -> dict[str, Any]:
    url = record.urls[name]
    running = record.processes.get(name, Running(pid=0, created=0))
    process = _process(record, name)
    usable = process["pid"] is not None and "frozen" not in process
    missing = readiness(int(url.rpartition(":")[2])) if usable else None
    said = {"url": url, "pid": process.pop("pid"), "ready": usable and missing is None}
    waits = {"problem": missing} if missing else {}
    return said | {"restarts": running.restarts} | waits | process


def show(state: Path, console: Console) -> None:
    found = as_json(state)
    if not found["services"]:
        console.print(f"nothing runs on {state}; ./shop up starts it", soft_wrap=True)
        return
    table = Table("", "state", "address", "pid", "memory", "restarts", box=None, pad_edge=False)
    for name in ("kafka", "mongo"):
        address = found[name].get("bootstrap_servers") or found[name]["uri"]
        table.add_row(name, _word(found[name], "runs"), host_of(address), *_numbers(found[name]))
    for name, first in found["services"].items():
        for one in _all(first):
            word = "ready" if one["ready"] else "not ready"
            table.add_row(one.get("name", name), _word(one, word), one["url"], *_numbers(one))
    console.print(table)
    console.print("ready" if found["ready"] else "not ready")


def host_of(uri: str) -> str:
    """HOST:PORT of a MongoDB URI or of a broker; never the password that a URI may hold."""
    return uri.rpartition("@")[2].removeprefix("mongodb://").partition("/")[0]


def _word(said: dict[str, Any], otherwise: str) -> str:
    if said.get("frozen"):
        return "frozen: wake it with kill -CONT"
    return str(said.get("problem") or (otherwise if said["pid"] else "ended"))


def _numbers(said: dict[str, Any]) -> tuple[str, str, str]:
    pid = said["pid"]
    memory = f"{psutil.Process(pid).memory_info().rss // MB} MB" if pid else ""
    return str(pid or ""), memory, str(said.get("restarts", ""))
