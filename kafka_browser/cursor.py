"""Where a page of messages ended, as a text that a client gives back: `topic:partition:offset,…`."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from event_bus import Partition

_PLACE = re.compile(r"([A-Za-z0-9._-]{1,249}):(\d{1,9}):(\d{1,18})", re.ASCII)

Offsets = Mapping[Partition, int]


def cursor_of(offsets: Offsets) -> str:
    return ",".join(f"{topic}:{number}:{offset}" for (topic, number), offset in sorted(offsets.items()))


def offsets_of(cursor: Any) -> Offsets:
    """Raises ValueError for a text that `cursor_of` did not make."""
    places = [_PLACE.fullmatch(place) for place in str(cursor).split(",")]
    if not all(places):
        raise ValueError("give back the cursor of an answer as it was")
    return {Partition(place[1], int(place[2])): int(place[3]) for place in places if place}


Cursor = Annotated[dict[Partition, int], BeforeValidator(offsets_of)]
