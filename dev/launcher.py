"""`up` and `down`: one shop at a time on a state folder, whatever happened to the one before."""

import errno
import fcntl
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TextIO

import psutil

from dev import environments, leftovers, ports, record
from dev.errors import ShopError
from dev.kafka import archive, java
from dev.kafka.jars import class_path
from dev.logfiles import LAUNCHER
from dev.plan import Plan
from dev.run import Run, Say
from dev.server import writable
from dev.waiting import PAUSE

ROOM = 500 * 1024 * 1024  # bytes: a fresh shop takes 60 MB; the rest is for its records
STOPS_WITHIN = 60.0  # seconds: two groups of processes, each with its own bound


def up(plan: Plan, say: Say, announce: Callable[[Run], None]) -> None:
    """Start everything, say so, and stay until a signal comes."""
    with running(plan, say) as run:
        announce(run)
        run.say_ready()  # after the announcement, which `up -d` shows until it sees this
        run.watch()
        say("stopping")


@contextmanager
def running(plan: Plan, say: Say) -> Iterator[Run]:
    """A shop that is ready; stopped at the end. A signal during the start raises Stopped."""
    with _alone(plan.state), _one_line_for_a_full_disk(plan.state):
        _clear_leftovers(plan.state, say)
        plan = plan.placed()
        _check_ports(plan)
        _check_room(plan.state)
        fetch_tools(plan)
        run = Run(plan, say)
        run.stop_on_signals()
        try:
            run.start()
            yield run
        finally:
            run.stop()


@contextmanager
def ephemeral() -> Iterator[Path]:
    """A state folder that is gone afterwards."""
    folder = Path(mkdtemp(prefix="shop-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_background(arguments: Sequence[str], state: Path) -> None:
    """Start `up` as a process of its own, show what it says, and return when all is ready."""
    if (found := record.read(state)) and found.launcher.process():
        raise _runs_already(state)
    log = writable(make_state(state) / "logs") / LAUNCHER
    log.unlink(missing_ok=True)
    with log.open("ab") as output:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "dev", "up", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _follow_until_ready(launcher, log, state)
    except KeyboardInterrupt:
        launcher.terminate()
        launcher.wait(STOPS_WITHIN)
        raise


def _follow_until_ready(launcher: "subprocess.Popen[bytes]", log: Path, state: Path) -> None:
    with log.open() as said:
        while launcher.poll() is None and not _is_ready(state, launcher.pid):
            _repeat(said)
            time.sleep(PAUSE)
        _repeat(said)
    if launcher.returncode is not None:
        raise SystemExit(launcher.returncode or 1)


def _repeat(said: TextIO) -> None:
    for line in said:
        print(line, end="", flush=True, file=sys.stderr if line.startswith("shop:") else sys.stdout)


def _is_ready(state: Path, pid: int) -> bool:
    found = record.read(state)
    return bool(found and found.ready and found.launcher.pid == pid)


def down(state: Path, say: Say) -> None:
    """Stop the launcher, and then whatever it may have left."""
    found = record.read(state)
    if found is None:
        say(f"nothing runs on {state}")
        return
    if launcher := found.launcher.process():
        with suppress(psutil.NoSuchProcess):
            launcher.terminate()
            launcher.resume()
        psutil.wait_procs([launcher], timeout=STOPS_WITHIN)
    with _alone(state):
        found = record.read(state)
        stopped = leftovers.stop(found) if found else []
        record.forget(state)
    say(f"stopped{' what a killed launcher left: ' + ', '.join(stopped) if stopped else ''}")


def make_state(folder: Path) -> Path:
    """Only the owner may look inside. A folder that was there before keeps its mode."""
    if not folder.exists():
        writable(folder.parent)
        with suppress(OSError):  # somebody was faster, or the next line says why it can't be
            folder.mkdir(mode=0o700)
    return writable(folder)


def fetch_tools(plan: Plan) -> None:
    """What is fetched once. Before anything starts, so that a failure leaves nothing behind."""
    if plan.own_mongo:
        environments.tool("database")
    if plan.own_kafka:
        program = java.find()
        class_path()
        archive.make(program)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """The system frees the lock of a launcher that was killed."""
    with (make_state(state) / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _runs_already(state) from None
        yield


def _runs_already(state: Path) -> ShopError:
    found = record.read(state)
    who = f" (pid {found.launcher.pid})" if found else ""
    return ShopError(f"a shop runs on {state} already{who}: ./shop status, ./shop down")


def _clear_leftovers(state: Path, say: Say) -> None:
    if (found := record.read(state)) and (stopped := leftovers.stop(found)):
        say(f"stopped what a killed launcher left: {', '.join(stopped)}")
    record.forget(state)


def _check_ports(plan: Plan) -> None:
    for name, port in plan.needed_ports.items():
        if ports.is_taken(port):
            raise ShopError(
                f"port {port} for {name} is taken by {ports.holder(port)}: "
                "stop it, or take other ports, for instance ./shop up --ports-from 4000"
            )


def _check_room(state: Path) -> None:
    free = shutil.disk_usage(state).free
    if free < ROOM:
        raise ShopError(
            f"only {free >> 20} MB are free in {state}, {ROOM >> 20} are needed: "
            "make room, or take another folder with --state"
        )


@contextmanager
def _one_line_for_a_full_disk(state: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ShopError(f"the disk of {state} is full: make room, or take another folder") from error
        raise
