"""What clients did and what they were told: the one side of an audit. It knows nothing of the shop's inside.

Every call is `invoke`, then `ok` (2xx), `fail` (refused: it must have no effect) or `info` (nobody knows: time-out,
reset, 5xx). A call with all its repetitions under one key is one operation.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

UNANSWERED = 5.5  # seconds after which a call without any answer breaks the promise

Answer = dict[str, Any]


@dataclass
class Operation:
    """`name` is the correlation id of everything that follows from it. Times are seconds since the epoch."""

    name: str
    kind: str  # register, login or pay
    service: str
    key: str  # operations of one key are made one after the other, so their events have this order
    began: float = field(default_factory=time.time)
    outcomes: list[str] = field(default_factory=list)  # ok, fail or info: one of each attempt
    answers: list[Answer] = field(default_factory=list)  # of the attempts that were ok
    spans: list[tuple[float, float]] = field(default_factory=list)  # of each attempt

    @property
    def outcome(self) -> str:
        """ok: it must be there, once. fail: it must not be there. info: once or not at all."""
        if "ok" in self.outcomes:
            return "ok"
        return "info" if "info" in self.outcomes or not self.outcomes else "fail"

    @property
    def slowest(self) -> float:
        return max((end - begin for begin, end in self.spans), default=0.0)

    @property
    def accepted(self) -> float:
        """When the attempt that was answered first with ok was made."""
        return self.spans[self.outcomes.index("ok")][0]

    def under_way(self, moment: float) -> bool:
        return any(begin < moment < end for begin, end in self.spans)


class History:
    """All operations of a case, and a file that tells them as they happen."""

    def __init__(self, file: Path) -> None:
        self.operations: dict[str, Operation] = {}
        self.open_calls: Counter[str] = Counter()  # by service
        self._file = file.open("w", buffering=1)

    def begin(self, kind: str, service: str, key: str) -> Operation:
        name = f"op-{len(self.operations)}"
        operation = self.operations[name] = Operation(name, kind, service, key or name)
        return operation

    def invoked(self, operation: Operation) -> float:
        self.write("invoke", operation, attempt=len(operation.outcomes))
        self.open_calls[operation.service] += 1
        return time.time()

    def ended(self, operation: Operation, began: float, outcome: str, answer: Answer | None = None) -> None:
        self.open_calls[operation.service] -= 1
        operation.outcomes.append(outcome)
        operation.spans.append((began, time.time()))
        if answer is not None and outcome == "ok":
            operation.answers.append(answer)
        self.write(outcome, operation, answer=answer)

    def write(self, what: str, operation: Operation, **more: object) -> None:
        entry = {"time": time.time(), "what": what, "op": operation.name, "kind": operation.kind}
        self._file.write(json.dumps(entry | {"key": operation.key} | more, default=str) + "\n")

    def close(self) -> None:
        self._file.close()

    def of(self, outcome: str) -> Iterable[Operation]:
        return (operation for operation in self.operations.values() if operation.outcome == outcome)
