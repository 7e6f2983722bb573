"""Whatever Kafka does while letters are read or settled, as one sentence for a person."""

from collections.abc import Iterator
from contextlib import contextmanager

from dev.errors import ShopError
from event_bus import Broker, BusError
from event_bus.errors import Fenced, TooLarge


@contextmanager
def told(broker: Broker) -> Iterator[None]:
    """Raises ShopError in place of any error of the bus."""
    try:
        yield
    except Fenced as error:
        raise ShopError(
            "another redrive or drop of the same service began meanwhile and goes on in place of this one; "
            "./shop dlq list tells what is open"
        ) from error
    except TooLarge as error:
        raise ShopError(
            "the records of one transaction were refused, for one is larger than its topic takes "
            f"(max.message.bytes); redrive the others by address: {error}"
        ) from error
    except BusError as error:
        raise ShopError(
            f"Kafka at {broker.bootstrap_servers}: {error}. Is the shop up, and TOPIC_PREFIX that of the shop? "
            "What is not told as done is done wholly or not at all: ./shop dlq list tells"
        ) from error
