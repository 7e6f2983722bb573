"""A call to Kafka: its deadline, and the client library's errors as ours, so that nothing else need know them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterator

from aiokafka import TopicPartition
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    CommitFailedError,
    ConsumerStoppedError,
    GroupAuthorizationFailedError,
    IllegalOperation,
    InvalidProducerEpoch,
    KafkaError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    ProducerFenced,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from event_bus import metrics
from event_bus.errors import Fenced, OutOfRange, Refused, TooLarge, Unavailable
from event_bus.records import Partition
from event_bus.settings import Broker

DEADLINE = 5.0  # seconds for one call; below the time-outs of the client library

_NOT_ALLOWED = {
    ClusterAuthorizationFailedError: "{verb} the cluster",
    GroupAuthorizationFailedError: "use the group",
    TopicAuthorizationFailedError: "{verb} topic",
    TransactionalIdAuthorizationFailed: "use the transactional id",
}


class Caller:
    """A client of a cluster, and what it is there for: that is the right which it needs."""

    _verb = "read"

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    @property
    def _account(self) -> str:
        return self._broker.access.account or "none"

    @contextlib.asynccontextmanager
    async def _call(self, what: str) -> AsyncIterator[None]:
        with self._translated(what):
            async with asyncio.timeout(DEADLINE):
                yield

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        """The client's errors as ours. Bugs stay bugs."""
        try:
            yield
        except (ProducerFenced, InvalidProducerEpoch, IllegalOperation) as error:
            # IllegalOperation: the fence came while we were sending, and only the next call is told of it.
            metrics.FENCED.inc()
            raise Fenced(f"{what}: {error!r}") from error
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            raise TooLarge(f"{what}: {error!r}") from error
        except OffsetOutOfRangeError as error:
            raise OutOfRange(f"{what}: {error!r}", [Partition(*one) for one in error.args[0]]) from error
        except tuple(_NOT_ALLOWED) as error:
            raise Refused(f"no right to {_right(error, self._verb)} (account {self._account})") from error
        except TimeoutError as error:
            raise Unavailable(f"{what}: no answer within {DEADLINE:g} s") from error
        except UnicodeDecodeError as error:  # the client can neither read such a batch nor step over it
            raise Unavailable(f"{what}: a record has a header whose name is not UTF-8") from error
        except CommitFailedError as error:  # the group has given our partitions to others
            metrics.FENCED.inc()
            raise Unavailable(f"{what}: {error!r}") from error
        except (KafkaError, ConsumerStoppedError, OSError) as error:
            raise Unavailable(f"{what}: {error!r}") from error

    @contextlib.contextmanager
    def _offsets_of(self, topics: Collection[str]) -> Iterator[None]:
        """Committed offsets are for who may read the topic. A refusal is told by the client in words alone."""
        try:
            yield
        except KafkaError as error:
            if TopicAuthorizationFailedError.__name__ in f"{error!r} {error.__cause__!r}":
                missing = TopicAuthorizationFailedError(topics)
                raise Refused(f"no right to {_right(missing, 'read')} (account {self._account})") from error
            raise


def _right(error: KafkaError, verb: str) -> str:
    """As `write to topic logs`."""
    return " ".join(
        [_NOT_ALLOWED[type(error)].format(verb=verb), *_names(error.args[0] if error.args else None)]
    )


def _names(given: object) -> list[str]:
    """What the client tells is a name, several of them, or a partition."""
    if isinstance(given, TopicPartition):
        return [given.topic]
    if isinstance(given, str):
        return [given]
    return sorted(given) if isinstance(given, set | frozenset) else []
