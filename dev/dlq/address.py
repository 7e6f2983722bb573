"""The address of a record: what `list` prints and the other commands take. It knows no topic of the shop."""

import re
from typing import NamedTuple, Self

from dev.errors import ShopError

# What Kafka takes: a name of at most 249 characters, a partition of 32 bits, an offset of 64, both from 0.
_ADDRESS = re.compile(r"([A-Za-z0-9._-]{1,249}):(0|[1-9][0-9]{0,9}):(0|[1-9][0-9]{0,18})")
_LAST_PARTITION, _LAST_OFFSET = 2**31 - 1, 2**63 - 1


class NotAnAddress(ShopError):
    """A text that names no place on Kafka."""


class Address(NamedTuple):
    """One record, by the full name of its topic. Addresses sort by topic, partition and offset."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Exactly what `str` makes. Raises NotAnAddress."""
        found = _ADDRESS.fullmatch(text)
        if found is not None:
            address = cls(found[1], int(found[2]), int(found[3]))
            if address.partition <= _LAST_PARTITION and address.offset <= _LAST_OFFSET:
                return address
        raise NotAnAddress(f"{text!r} is no address: TOPIC:PARTITION:OFFSET, as ./shop dlq list prints it")
