"""Random ids. A thread that asks the system for bits lets others run, and waits for its turn again: done for each id,
that was a twentieth of a payment. So the bits of many are fetched at once.
"""

import os
from collections import deque
from uuid import UUID

_SIZE, _AT_ONCE = 16, 256
_bits: deque[bytes] = deque()  # each is taken once, whichever thread takes it
os.register_at_fork(after_in_child=_bits.clear)


def new_id() -> UUID:
    """Version 4: 122 bits of the system's cryptographic source."""
    while True:
        try:
            return UUID(bytes=_bits.popleft(), version=4)
        except IndexError:
            fetched = os.urandom(_SIZE * _AT_ONCE)
            _bits.extend(fetched[at : at + _SIZE] for at in range(0, len(fetched), _SIZE))
