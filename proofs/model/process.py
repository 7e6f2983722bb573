"""One process of the model: what it asks of broker and database, and what becomes of each question.

A question is asked, then done, then answered: a step. It can also be done without an answer, or be answered by an
error and done much later, or never: whoever asked can't tell these apart, and neither can a real client.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from event_bus.crash_points import CrashPoint
from proofs.model.loop import Loop

T = TypeVar("T")

_part: ContextVar[str] = ContextVar("part")


@contextmanager
def acting(part: str) -> Iterator[None]:
    """What is asked by tasks that begin in here is asked by this part of the process."""
    token = _part.set(part)
    try:
        yield
    finally:
        _part.reset(token)


class Fault(Enum):
    """What can happen to a question. The value is how a story tells it."""

    UNANSWERED = "it is done, but the answer is lost"
    UNDONE = "it is not done, and an error says that nobody knows"
    LATE = "an error says that nobody knows; it will be done later"


@dataclass(slots=True)
class Question:
    """Something that a process wants of broker or database, and is not done yet."""

    part: str
    what: str  # in words: “commits a transaction”
    do: Callable[[], object]
    failure: Callable[[], Exception]  # when there is no answer
    answer: asyncio.Future[Any]
    may: Callable[[], bool] | None = None  # None: it can be done at once

    def possible(self) -> bool:
        return self.may is None or self.may()


class Process:
    """An instance of a service. `struck`: how its next questions fail, by part. `late`: what may be done later."""

    def __init__(self, service: str, port: int, loop: Loop, late: list[Question]) -> None:
        self.service, self.port, self.loop, self.late = service, port, loop, late
        self.asked: list[Question] = []
        self.struck: dict[str, Fault] = {}
        self.dead = False
        self.exit: tuple[int, str] | None = None  # code and reason, when it ended itself
        self.passed: list[CrashPoint] = []  # since the last step
        self.payments: Any = None  # what its edge writes to, if it has one
        self.has_more: Callable[[], bool] = lambda: False  # whether its consumer has records to fetch

    # What its clients call

    def post(
        self,
        what: str,
        do: Callable[[], object],
        failure: Callable[[], Exception],
        may: Callable[[], bool] | None = None,
    ) -> asyncio.Future[Any]:
        if self.dead:
            raise asyncio.CancelledError
        question = Question(_part.get(), what, do, failure, self.loop.create_future(), may)
        self.asked.append(question)
        return question.answer

    async def ask(
        self,
        what: str,
        do: Callable[[], T],
        failure: Callable[[], Exception],
        may: Callable[[], bool] | None = None,
    ) -> T:
        answer: T = await self.post(what, do, failure, may)
        return answer

    def stop(self, code: int, reason: str) -> None:
        self.exit = code, reason

    # What the model calls

    def begin(self, work: Awaitable[None]) -> None:
        self.loop.create_task(_whole(work))
        self.loop.run()

    def next_question(self, part: str | None = None, passed_over: int = 0) -> Question | None:
        """The oldest one (of this part) that can be done, or one behind it: what is asked at once may pass."""
        found: Question | None = None
        for question in [*self.asked]:
            if question.may is not None and question.answer.done():
                self.asked.remove(question)  # it was never sent
            elif (part is None or question.part == part) and question.possible():
                found = question
                if passed_over == 0:
                    break
                passed_over -= 1
        return found

    def step(self, part: str | None = None, passed_over: int = 0) -> Question | None:
        """One question is done and answered, or is not; then everything runs that can."""
        question = self.next_question(part, passed_over)
        self.passed.clear()
        if question is not None:
            self.asked.remove(question)
            self._settle(question, self.struck.pop(question.part, None))
            self.loop.run()
        return question

    def _settle(self, question: Question, fault: Fault | None) -> None:
        outcome: object = None
        if fault is Fault.LATE:
            self.late.append(question)
        elif fault is not Fault.UNDONE:
            outcome = done(question)
        if question.answer.done():  # whoever asked has given up meanwhile
            return
        if fault is not None:
            question.answer.set_exception(question.failure())
        elif isinstance(outcome, Exception):
            question.answer.set_exception(outcome)
        else:
            question.answer.set_result(outcome)

    def kill(self) -> None:
        """Ends at once. What it has asked may still be done: it was on its way."""
        self.late += [question for question in self.asked if question.possible()]
        self.asked, self.dead = [], True
        self.loop.close()


async def _whole(work: Awaitable[None]) -> None:
    await work


def done(question: Question) -> object:
    """The result or the error."""
    try:
        return question.do()
    except Exception as error:
        return error
