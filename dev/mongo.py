"""The embedded database: a server that speaks the MongoDB protocol, run as a program and never imported.

It lives in a virtual environment of its own: its licence (GPL-2.0) stays with it.
"""

from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from dev import environments
from dev.child import Child
from dev.server import Server, writable

CACHE = "64M"  # the server's default is 1 GiB; the working set of a development shop is a few MB


class Mongo(Server):
    """One stand-alone server on a folder and a port of 127.0.0.1."""

    def __init__(self, folder: Path, port: int, log: Path | None = None) -> None:
        super().__init__("mongo", port, log or folder / "mongo.log")
        self.folder = folder
        self.journaled = True  # False shows what a server loses that keeps its last writes in memory

    @property
    def uri(self) -> str:
        """It presents itself as a replica set of one: without directConnection a driver would look for others."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def spawn(self) -> Child:
        data = writable(self.folder / "data")
        settings = self.folder / "secantusd.toml"
        settings.touch()  # an empty file of ours, or the program would look for one elsewhere
        program = environments.tool("database") / "bin" / "secantusd-py"
        address = ["--host", "127.0.0.1", "--port", str(self.port)]
        storage = ["--storage-path", str(data), "--cache-size", CACHE]
        storage += ["--sync-on-commit"] if self.journaled else []
        argv = [str(program), "--config", str(settings), *address, *storage]
        self.child = Child(self.name, argv, self.log, cwd=self.folder)
        return self.child

    def answers(self) -> bool:
        milliseconds = 1000  # for one look; the caller looks again
        try:
            with pymongo.MongoClient[dict[str, object]](
                self.uri, serverSelectionTimeoutMS=milliseconds
            ) as client:
                return bool(client.admin.command("hello")["isWritablePrimary"])
        except PyMongoError:
            return False
