"""Where one client stands. Must not know WebSockets, the ring or Kafka."""

from collections.abc import Callable

from logs_service.forms import RAW, Form
from logs_service.position import Position
from logs_service.wishes import Now, Start

NOWHERE = -1  # below every tail


class Client:
    """`write` takes whole frames; when it has had enough, `Hub.pause` is called.

    Somebody at the head has the position of the ring. Anybody else has `position`, None until it is found out, and
    goes on at `cursor`. A position beyond the one before the cursor means: he has some of what comes there.
    """

    write: Callable[[bytes], object]
    form: Form = RAW
    start: Start = Now()
    close_when_slow = False
    cursor = NOWHERE
    position: Position | None = None
    paused = False
    turn_due = False
    replaying = False  # waits for, or has, a reader of its own
    drained: Callable[[], object] | None = None  # called instead of giving it a turn

    def caught_up(self) -> None:
        """It has everything that the hub has. Called each time when it gets there."""

    def fall_behind(self, position: Position) -> None:
        """What comes next is no longer in the ring, and it wanted to be closed then."""
        raise NotImplementedError

    def lose(self, position: Position) -> None:
        """There is a gap before this position, and no form in which it could be told."""
        raise NotImplementedError

    def keep_alive(self) -> None:
        """Called once a ping interval: find out whether somebody is still there."""
        raise NotImplementedError
