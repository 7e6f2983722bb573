"""The whole shop of the model: a log, databases, processes, people; and how it all comes to rest.

A second instance of a service may start while the first one stands still: each believes that it is alone, as after a
freeze. Which of them moves when is not decided here.
"""

import random
from collections.abc import Iterator

from contracts.topics import ALL, INVENTORIES
from event_bus.background import FAILED
from event_bus.records import Partition
from proofs.model.kafka_client import Broker, RunningLoop
from proofs.model.log import Log
from proofs.model.loop import Clock
from proofs.model.mongo_client import PlayedDatabase, Store
from proofs.model.people import Payers, Watcher
from proofs.model.playing import IDS
from proofs.model.process import Process, Question, acting, done
from proofs.model.services import SERVICES, pay
from proofs.model.store import Collection

# Two of one topic, of which one document is changed: more partitions would only make each story longer.
PARTITIONS = {topic.name: 2 if topic is INVENTORIES else 1 for topic in ALL}
GROUPS = {
    "notifications_service": "notifications",
    "inventories_service": "inventories",
    "payments_service": "stock",
}
INSTANCES = 3  # of a service at a time
MOST_EXITS = 50  # of processes that ended themselves, before a shop counts as one that never comes to rest
A_WHILE = 40  # steps of who wakes, or timers that ring while somebody else may hold things up
PATIENCE = (
    150  # timers that may ring before a shop that does not come to rest counts as stuck: some ten seconds
)


class World:
    """`without`: the safeguard that is left out."""

    def __init__(self, without: str | None = None) -> None:
        IDS.reset()
        random.seed(0)  # the services' jitter
        self.without = without
        self.clock, self.log = Clock(), Log(PARTITIONS)
        self.broker = Broker(self.log, without)
        self.stores: dict[str, Store] = {service: {} for service in SERVICES}
        self.late: list[Question] = []
        self.payers, self.watcher = Payers(), Watcher()
        self.junk: list[tuple[Partition, int]] = []  # where a record is that nobody can read
        self.ledger_lost = False
        self.failures: list[str] = []  # processes that ended by a bug
        self._exits = 0
        self._ports = 0
        self.instances: dict[str, list[Process]] = {}
        for service in SERVICES:
            self.instances[service] = []
            self.start(service)

    # What may happen

    def start(self, service: str, port: int | None = None) -> None:
        """One more instance. With the port of a dead one it is the same one, started again."""
        if port is None:
            self._ports += 1
        loop = RunningLoop(self.clock)
        process = Process(service, port or self._ports, loop, self.late)
        loop.process, loop.broker = process, self.broker
        self.instances[service].append(process)
        process.begin(SERVICES[service](process, self))

    def kill(self, process: Process) -> None:
        """Its supervisor starts it again."""
        self.end(process)
        self.start(process.service, process.port)

    def end(self, process: Process) -> None:
        process.kill()
        self.instances[process.service].remove(process)

    def request(self, key: str | None, pieces: int) -> Process:
        process = self.instances["payments_service"][-1]
        with acting("edge"):
            process.begin(pay(process, process.payments, self.payers, key, pieces))
        return process

    def advance(self, process: Process, part: str | None = None, passed_over: int = 0) -> str | None:
        """One step, or the next timer where there is nothing to do. What it was, in words."""
        question = process.step(part, passed_over)
        if question is None and not process.loop.wake():
            return None
        if process.exit is not None:
            self._exited(process)
        return question.what if question else "waits"

    def _exited(self, process: Process) -> None:
        assert process.exit is not None
        code, reason = process.exit
        self._exits += 1
        if code == FAILED:
            self.failures.append(f"{process.service}: {reason}")
        if process in self.instances[process.service]:
            self.kill(process)

    def database(self, process: Process) -> PlayedDatabase:
        journaled = self.without != "journal"
        return PlayedDatabase(
            process, self.stores[process.service], lambda: Collection(self.clock, journaled)
        )

    def forget_ledger(self, service: str) -> None:
        """Its instance has not asked for it yet."""
        self.log.forget(f"{service}-outbox-ledger")
        self.ledger_lost = True

    def kill_database(self, service: str) -> None:
        for collection in self.stores[service].values():
            collection.die()

    # How it ends

    def rest(self) -> bool:
        """All go on; then who stood still wakes, and what was on its way comes; then one of each goes on alone.

        False if that does not come to rest.
        """
        still = [process for instances in self.instances.values() for process in instances[:-1]]
        if still or self.late:
            self.settle(A_WHILE)
        for process in still:
            self._wakes(process)
        for instances in self.instances.values():
            for process in instances[:-1]:
                self.end(process)
        late, self.late = self.late, []
        for question in late:
            done(question)
        return self.settle(PATIENCE, alone=True)

    def _wakes(self, process: Process) -> None:
        """For a while: then somebody notices, and ends it."""
        for _ in range(A_WHILE):
            if process.dead or process.next_question() is None:
                break
            self.advance(process)

    def settle(self, patience: int, *, alone: bool = False) -> bool:
        """The newest instances go on until nothing is left to do. `alone`: no other one has anything open."""
        for _ in range(patience):
            while self._exits < MOST_EXITS and self._move():
                pass
            if self.settled():
                return True
            if alone:
                self.log.expire()
            waiting = [(p.loop.next_timer(), n, p) for n, p in enumerate(self._newest())]
            ringing = [(when, n, p) for when, n, p in waiting if when is not None]
            self.advance(min(ringing)[2], "nobody")
        # Whoever stood still may commit an older offset: what is read again after the next start is known then.
        return not any(self._unfinished()) and not any(p.has_more() for p in self._newest())

    def _move(self) -> bool:
        moved = False
        for name in self.log.unfinished():
            self.log.finish(name)
            moved = True
        for process in self._newest():
            while process.next_question() is not None and self.advance(process):
                moved = True
        return moved

    def bring(self, process: Process, part: str) -> None:
        """The others go on until this part has something to do, or they have nothing left."""
        others = [other for other in self._newest() if other.service != process.service]
        while process.next_question(part) is None:
            for name in self.log.unfinished():
                self.log.finish(name)
            if not any(other.next_question() and self.advance(other) for other in others):
                return

    def _newest(self) -> list[Process]:
        return [instances[-1] for instances in self.instances.values()]

    def settled(self) -> bool:
        return not any(self._unfinished()) and not any(map(self._uncommitted, GROUPS))

    def _unfinished(self) -> Iterator[object]:
        for store in self.stores.values():
            for collection in store.values():
                yield from collection.find({"pending_since": {"$exists": True}})
        yield self._uncommitted("notifications_service")
        yield self.instances["logs_service"][-1].has_more()

    def _uncommitted(self, group: str) -> bool:
        places = [Partition(GROUPS[group], number) for number in range(PARTITIONS[GROUPS[group]])]
        committed = [(place, self.log.committed(group, place)) for place in places]
        return any(self.log.fetch(place, found.offset if found else 0, 1)[0] for place, found in committed)

    def close(self) -> None:
        """Nothing of it moves any more; and it goes at once, as most of what hung together no longer does."""
        for instances in self.instances.values():
            for process in instances:
                process.kill()
        self.instances.clear()
        self.late.clear()
