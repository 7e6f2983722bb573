"""`./shop doctor`: whether this machine can run the shop; each row is ok, or says what to do."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from dev import leftovers, ports, record
from dev.errors import ShopError
from dev.kafka import java
from dev.kafka.jars import LOCK, locked
from dev.launcher import ROOM
from dev.paths import TOOLS
from dev.plan import Plan

NEEDED_MEMORY = 700  # MB: the whole shop was measured at less than 600
MB = 1024 * 1024
Row = tuple[str, bool, str]


def show(plan: Plan, console: Console) -> bool:
    """Whether every row is ok."""
    rows = list(_rows(plan))
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, ok, text in rows:
        table.add_row(name, "ok" if ok else "[bold]to do[/]", text)
    console.print(table)
    return all(ok for _, ok, _ in rows)


def _rows(plan: Plan) -> Iterator[Row]:
    checks: list[Callable[[Plan], Row]] = [_python, _platform, _java, _memory, _disk, _tools]
    yield from (check(plan) for check in checks)
    yield from _ports(plan)


def _python(_plan: Plan) -> Row:
    return "python", (3, 11) <= sys.version_info[:2] <= (3, 13), f"{platform.python_version()} (3.11 to 3.13)"


def _platform(_plan: Plan) -> Row:
    libc = " ".join(platform.libc_ver())
    return "platform", sys.platform in ("linux", "darwin"), f"{platform.system()} {platform.machine()} {libc}"


def _java(plan: Plan) -> Row:
    if not plan.own_kafka:
        return "java", True, "not needed: KAFKA_BOOTSTRAP_SERVERS is set"
    try:
        found = java.find(plan.settings)
        return "java", True, f"{java.version(found)} at {found}"
    except ShopError as error:
        return "java", False, str(error)


def _memory(plan: Plan) -> Row:
    free = psutil.virtual_memory().available // MB
    if _runs(plan):
        return "memory", True, f"{free} MB free beside the shop that runs"
    if free < NEEDED_MEMORY:
        return "memory", False, f"{free} MB free, {NEEDED_MEMORY} needed: close what you can spare"
    return "memory", True, f"{free} MB free"


def _disk(plan: Plan) -> Row:
    folder = next(parent for parent in (plan.state, *plan.state.parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return "state folder", False, f"{folder} can't be written: take another one with --state"
    if free < ROOM:
        return "disk", False, f"{free // MB} MB free in {folder}, {ROOM // MB} needed: make room"
    return "disk", True, f"{free // MB} MB free in {folder}"


def _tools(_plan: Plan) -> Row:
    jars = all(jar.inside(TOOLS / "jars").exists() for jar in locked(LOCK))
    database = Path(TOOLS / "database" / "bin" / "secantusd-py").exists()
    there = [name for name, is_there in (("Kafka", jars), ("database", database)) if is_there]
    missing = [name for name in ("Kafka", "database") if name not in there]
    text = f"{', '.join(missing)}: fetched by the first ./shop up (60 MB)" if missing else ", ".join(there)
    return "tools", True, text


def _runs(plan: Plan) -> int | None:
    """The pid of the launcher of the shop that runs in this state folder."""
    found = record.read(plan.state)
    return found.launcher.pid if found and found.launcher.process() else None


def _ports(plan: Plan) -> Iterator[Row]:
    """Of a shop that runs already no port need be free: it has its own."""
    if pid := _runs(plan):
        yield "shop", True, f"runs on {plan.state} (pid {pid}) and holds its ports: see ./shop status"
        return
    found = record.read(plan.state)
    ours = {process.pid for process in leftovers.living(found).values()} if found else set()
    for name, port in plan.needed_ports.items():
        holder = ports.holder(port) if ports.is_taken(port) else ""
        mine = any(f"(pid {pid})" in holder for pid in ours)
        text = f"{port} taken by {holder}: stop it, or ./shop up --ports-from 4000"
        yield f"port of {name}", not holder or mine, text if holder and not mine else f"{port}"
