"""A shop of the moment, and terminals in which the commands of a page are typed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dev import plan
from dev.paths import ROOT
from dev.ports import free_range
from dev.waiting import until
from tests.docs.pages import Block
from tests.docs.showing import is_shown, left_over

SECONDS = 30.0  # what is shown as coming a moment later
COMMAND_SECONDS = 120.0
NOTHING_FOREIGN = {"KAFKA_BOOTSTRAP_SERVERS": "", "MONGO_URI": "", "TOPIC_PREFIX": "", "SHOP_PROFILE": ""}
LITTLE_CPU = {
    "USERS_BCRYPT_COST": "4"
}  # the lowest: on a busy machine a hash takes longer than an answer may
ADDRESS = re.compile(r"(localhost|127\.0\.0\.1):(\d+)")


class Shop:
    """`./shop up` on ports and a folder of its own. Pages speak of the usual ports, of `./shop`, and of `.shop`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        first = free_range(25)
        self.ports = {str(usual): str(first + plan.OFFSETS[one]) for one, usual in plan.USUAL.items()}
        self._usual = {ours: usual for usual, ours in self.ports.items()}
        self._first = first
        command = folder / "shop"
        command.write_text(f'#!/bin/sh\nexec "{ROOT}/shop" "$@" --state "{self.state}"\n')
        command.chmod(0o700)
        (folder / ".curlrc").write_text("silent\nshow-error\n")  # as in a terminal: no meter of progress
        self.environment = {
            **os.environ,
            **NOTHING_FOREIGN,
            **LITTLE_CPU,
            "CURL_HOME": str(folder),
            "PYTHONUTF8": "1",
        }

    def up(self) -> None:
        self._dev("up", "-d", "--ports-from", str(self._first))

    def down(self) -> None:
        self._dev("down")

    def _dev(self, *arguments: str) -> None:
        argv = [sys.executable, "-m", "dev", *arguments, "--state", str(self.state)]
        done = subprocess.run(
            argv, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def here(self, text: str) -> str:
        """A command of a page, or an address, for this shop."""
        text = ADDRESS.sub(lambda found: f"{found[1]}:{self.ports.get(found[2], found[2])}", text)
        return re.sub(r"(?<!\S)\./shop\b", str(self.folder / "shop"), text)

    def as_usual(self, printed: str) -> str:
        text = ADDRESS.sub(lambda found: f"{found[1]}:{self._usual.get(found[2], found[2])}", printed)
        return text.replace(str(self.state), ".shop")


class Terminals:
    """One in which commands are typed, and those in which something goes on beside."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self._shop, self._folder = shop, folder
        self._beside: list[tuple[Block, subprocess.Popen[bytes], Path]] = []
        self._seen = 0  # characters of the last one beside that were shown already

    def type(self, block: Block) -> str:
        """What was wrong, if anything was."""
        if "beside" in block.info:
            return self._go_on_beside(block)
        end = time.monotonic() + (SECONDS if "soon" in block.info else 0)
        while (wrong := self._wrong(block)) and time.monotonic() < end:
            time.sleep(0.2)
        return wrong

    def _wrong(self, block: Block) -> str:
        done = subprocess.run(
            ["sh", "-euc", self._shop.here(block.text)],
            cwd=ROOT,
            env=self._shop.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        printed = self._shop.as_usual(done.stdout)
        if done.returncode:
            return f"{block}: ended with {done.returncode}\n{block.text}\n{printed}{done.stderr}"
        if block.output is not None and not is_shown(block.output, printed):
            return f"{block}: shown is\n{block.output}\nprinted was\n{printed}{done.stderr}"
        return ""

    def _go_on_beside(self, block: Block) -> str:
        log = self._folder / f"beside-{len(self._beside)}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["sh", "-euc", f"exec {self._shop.here(block.text)}"],
                cwd=ROOT,
                env=self._shop.environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._beside.append((block, process, log))
        self._seen = 0
        return "" if block.output is None else self.see(block.output)

    def see(self, shown: str) -> str:
        """Waits until the last one beside has printed this, and nothing else since it was looked at before."""
        block, _, log = self._beside[-1]
        fresh, end = "", 0

        def all_there() -> bool:
            nonlocal fresh, end
            text = log.read_text()
            end = text.rfind("\n") + 1
            fresh = self._shop.as_usual(text[self._seen : end])
            return left_over(shown, fresh) is not None

        until(all_there, SECONDS)
        self._seen = end
        is_there = left_over(shown, fresh) == []
        return "" if is_there else f"{block}: shown is\n{shown}\nprinted was\n{fresh}"

    def close(self) -> None:
        for _, process, _ in self._beside:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


@contextmanager
def terminals(shop: Shop) -> Iterator[Terminals]:
    with TemporaryDirectory() as folder:
        opened = Terminals(shop, Path(folder))
        try:
            yield opened
        finally:
            opened.close()
