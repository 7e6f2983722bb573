"""What can go wrong for a person at the command, always as one line that tells what to do.

ShopError
├── Missing      something that the machine lacks
└── NotReady     it was started, and did not become ready in time
"""


class ShopError(Exception):
    """One line for a person; the command prints it and ends with 1."""


class Missing(ShopError):
    """The machine lacks something that the shop can't bring along."""


class NotReady(ShopError):
    """A process was started and did not become ready before the deadline, or ended before."""
