"""Ends or freezes this very process at a chosen step of a round, by wrapping the code under test from outside."""

import functools
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer

from event_bus.kafka import Consumer, Producer, ProducerPair
from event_bus.repository import DeadLetters, OutboxCollection, StateCollection

# step: whose method, and whether it strikes before or behind it
Step = tuple[type, str, str]
_TRANSACTIONS: dict[str, Step] = {
    "before the producers": (ProducerPair, "__aenter__", "before"),
    "after the producers": (ProducerPair, "__aenter__", "behind"),
    "before the transaction": (Producer, "transact", "before"),
    "after the sends": (AIOKafkaProducer, "send_offsets_to_transaction", "before"),
    "after the offsets": (AIOKafkaProducer, "commit_transaction", "before"),
    "after the commit": (Producer, "transact", "behind"),
}
_RELAY = _TRANSACTIONS | {"after the clear": (OutboxCollection, "clear", "behind")}
_CONSUMER: dict[str, Step] = {
    "after the fetch": (StateCollection, "apply", "before"),
    "before the write": (StateCollection, "_write_all", "before"),  # read, and applied in memory
    "after the write": (StateCollection, "_write_all", "behind"),  # and before the offset
    "after the letter": (DeadLetters, "add", "behind"),
    "after the offset": (Consumer, "commit", "behind"),
}
STEPS = _RELAY | _CONSUMER
WORKER_STEPS, RELAY_STEPS, CONSUMER_STEPS = list(_TRANSACTIONS), list(_RELAY), list(_CONSUMER)


@dataclass
class Strike:
    """`signal` hits at the `nth` time that `step` is reached."""

    step: str
    nth: int
    signal: signal.Signals

    def arm(self) -> None:
        owner, name, when = STEPS[self.step]
        setattr(owner, name, self._wrapped(getattr(owner, name), when))

    def _wrapped(self, method: Callable[..., Any], when: str) -> Callable[..., Any]:
        @functools.wraps(method)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            if when == "before":
                self._hit()
            result = await method(*args, **kwargs)
            if when == "behind":
                self._hit()
            return result

        return wrapper

    def _hit(self) -> None:
        self.nth -= 1
        if self.nth == 0:
            os.kill(os.getpid(), self.signal)
