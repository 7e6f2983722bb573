"""The embedded database: a server that speaks the MongoDB protocol, run as a program and never imported.

It lives in a virtual environment of its own: its licence (GPL-2.0) stays with it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from dev import environments, ports
from dev.child import Child
from dev.errors import NotReady
from dev.server import READY_WITHIN, Server, writable
from dev.waiting import until

CACHE = "64M"  # the server's default is 1 GiB; the working set of a development shop is a few MB
EXISTS = 51003  # the code of the answer to createUser


@dataclass(frozen=True, slots=True)
class DatabaseAccount:
    """Who may read and write one database, and no other."""

    database: str
    password: str = field(repr=False)

    def uri(self, port: int) -> str:
        """The account has the name of its database, and lies in it."""
        who = f"{self.database}:{self.password}"
        way = f"directConnection=true&authSource={self.database}&authMechanism=SCRAM-SHA-256"
        return f"mongodb://{who}@127.0.0.1:{port}/?{way}"


class Mongo(Server):
    """One stand-alone server on a folder and a port of 127.0.0.1. With `accounts` it asks who somebody is."""

    def __init__(
        self, folder: Path, port: int, log: Path | None = None, accounts: Sequence[DatabaseAccount] = ()
    ) -> None:
        super().__init__("mongo", port, log or folder / "mongo.log")
        self.folder, self.accounts = folder, accounts
        self.journaled = True  # False shows what a server loses that keeps its last writes in memory

    @property
    def uri(self) -> str:
        return _uri(self.port)

    def spawn(self) -> Child:
        if self.accounts:
            self._make_accounts()
        self.child = self._started(self.port, ["--auth"] if self.accounts else [])
        return self.child

    def answers(self) -> bool:
        return _answers(self.uri)

    def _started(self, port: int, options: Sequence[str]) -> Child:
        data = writable(self.folder / "data")
        settings = self.folder / "secantusd.toml"
        settings.touch()  # an empty file of ours, or the program would look for one elsewhere
        program = environments.tool("database") / "bin" / "secantusd-py"
        address = ["--host", "127.0.0.1", "--port", str(port)]
        storage = ["--storage-path", str(data), "--cache-size", CACHE]
        storage += ["--sync-on-commit"] if self.journaled else []
        argv = [str(program), "--config", str(settings), *address, *storage, *options]
        return Child(self.name, argv, self.log, cwd=self.folder)

    def _make_accounts(self) -> None:
        """It makes accounts only for whom it knows, or while it knows nobody: so it runs for a moment without asking,
        on a port that nobody was told of.
        """
        made, wanted = self.folder / "accounts", _fingerprint(self.accounts)
        if made.exists() and made.read_text() == wanted:
            return
        (port,) = ports.free(1)
        server = self._started(port, [])
        try:
            if not until(lambda: not server.alive or _answers(_uri(port)), READY_WITHIN) or not server.alive:
                raise NotReady(f"{self.name} could not make its accounts; its log is {self.log}")
            with pymongo.MongoClient[dict[str, Any]](_uri(port)) as client:
                for account in self.accounts:
                    _make(client, account)
        finally:
            server.stop()
        made.write_text(wanted)


def _uri(port: int) -> str:
    """It presents itself as a replica set of one: without directConnection a driver would look for others."""
    return f"mongodb://127.0.0.1:{port}/?directConnection=true"


def _answers(uri: str) -> bool:
    milliseconds = 1000  # for one look; the caller looks again
    try:
        with pymongo.MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=milliseconds) as client:
            return bool(client.admin.command("hello")["isWritablePrimary"])
    except PyMongoError:
        return False


def _make(client: "pymongo.MongoClient[dict[str, Any]]", account: DatabaseAccount) -> None:
    database = client[account.database]
    rights: dict[str, Any] = {
        "pwd": account.password,
        "roles": [{"role": "readWrite", "db": account.database}],
    }
    try:
        database.command("createUser", account.database, **rights)
    except OperationFailure as error:
        if error.code != EXISTS:
            raise
        database.command("updateUser", account.database, **rights)


def _fingerprint(accounts: Sequence[DatabaseAccount]) -> str:
    """Of what was made. The passwords are random and long: nothing of them can be told from it."""
    return hashlib.sha256(repr([(one.database, one.password) for one in accounts]).encode()).hexdigest()
