"""A story: what happens in what order, as short rows of small numbers, and each of them in words.

The numbers are what is shrunk: less of them, and smaller ones, are a simpler story. What a row means depends on where
the shop is when its turn comes; a row that can't happen there is passed over.
"""

from collections.abc import Callable, Sequence

from event_bus.crash_points import CrashPoint
from event_bus.records import Partition
from proofs.model.process import Fault, Process, done
from proofs.model.world import A_WHILE, GROUPS, INSTANCES, World

Row = tuple[int, int, int, int]  # what, who, how far, which instance
Story = Sequence[Row]
Does = Callable[[World, int, int, int], str | None]

_CHAIN = (
    CrashPoint.PRODUCERS_CLOSED,
    CrashPoint.PRODUCERS_OPEN,
    CrashPoint.NOTHING_SENT,
    CrashPoint.RECORDS_SENT,
    CrashPoint.RECORDS_TAKEN,
    CrashPoint.OFFSETS_SENT,
    CrashPoint.COMMITTED,
)
_APPLYING = (
    CrashPoint.FETCHED,
    CrashPoint.APPLIED,
    CrashPoint.WRITTEN,
    CrashPoint.BURIED,
    CrashPoint.OFFSET_COMMITTED,
)
PARTS: tuple[tuple[str, str, tuple[CrashPoint, ...]], ...] = (
    ("payments_service", "relay", (*_CHAIN, CrashPoint.REMOVED)),
    ("inventories_service", "consumer", _APPLYING),
    ("notifications_service", "worker", _CHAIN),
    ("inventories_service", "relay", (*_CHAIN, CrashPoint.REMOVED)),
    ("payments_service", "consumer", _APPLYING),
    ("payments_service", "edge", (CrashPoint.DOCUMENT_WRITTEN,)),
    ("logs_service", "feed", (CrashPoint.LINES_FETCHED,)),
)
SERVICES = ("payments_service", "inventories_service", "notifications_service", "logs_service")
RINGS = 16  # timers of a process until a lease of three seconds has run out
RELAYS = [number for number, (_, part, _) in enumerate(PARTS) if part == "relay"]
FAR = 40  # steps within which a part reaches a point, or not at all


def tell(world: World, story: Story) -> list[str]:
    """Lets it happen; what happened, in words."""
    lines = []
    for what, who, how_far, which in story:
        line = DOES[what](world, who, how_far, which)
        if line is not None:
            lines.append(line)
    return lines


def _instance(world: World, service: str, which: int) -> tuple[Process, str]:
    """An even number: the newest."""
    instances = world.instances[service]
    process = instances[0 if which % 2 else -1]
    return process, service if len(instances) == 1 or not which % 2 else f"the {service} that stood still"


def pays(world: World, who: int, how_far: int, which: int) -> str:
    key = (None, "k1", "k2")[who % 3]
    process = world.request(key, 1)
    whose = f"somebody pays{f' with the key {key}' if key else ''}"
    if which % 2:
        return f"{whose}, and the request is under way"
    for _ in range(FAR):
        if process.dead or process.next_question("edge") is None:
            break
        world.advance(process, "edge")
    return whose


def _step(world: World, process: Process, part: str, passed_over: int = 0) -> str | None:
    """One step of this part. Where there is none it may be waiting for a time: the next ones are let come."""
    for _ in range(RINGS if part == "relay" else 4):  # the others wait for a back-off at most
        if process.dead:
            return None
        if process.next_question(part) is not None:
            return world.advance(process, part, passed_over)
        if part == "edge" or not process.loop.next_timer() or world.advance(process, part) is None:
            return None
    return None


def goes_on(world: World, who: int, how_far: int, which: int) -> str | None:
    """Some steps."""
    service, part, _ = PARTS[who % len(PARTS)]
    process, name = _instance(world, service, which)
    steps = []
    passed_over = which // 2 % 2  # what it asked second goes first
    for _ in range(1 + how_far % 12):
        if (step := _step(world, process, part, passed_over)) is None:
            break
        steps.append(step)
        passed_over = 0
    return f"{name}, {part}: {', '.join(steps)}" if steps else None


def reaches(world: World, who: int, how_far: int, which: int) -> str | None:
    """Goes on to a crash point."""
    service, part, points = PARTS[who % len(PARTS)]
    process, name = _instance(world, service, which)
    point = points[how_far % len(points)]
    world.bring(process, part)
    for _ in range(FAR):
        if _step(world, process, part) is None:
            break
        if point in process.passed:
            return f"{name}, {part}, goes on until {point.name}: {point.value}"
    return f"{name}, {part}, goes on and does not come to {point.name}"


def dies_there(world: World, who: int, how_far: int, which: int) -> str | None:
    return _there(world, who, how_far, which, is_killed)


def stands_there(world: World, who: int, how_far: int, which: int) -> str | None:
    return _there(world, who, how_far, which, is_doubled)


def forgotten_there(world: World, who: int, how_far: int, which: int) -> str | None:
    """Of the two relays."""
    relay = RELAYS[who % 2]
    before = dies_there(world, relay, how_far, 0)
    world.forget_ledger(PARTS[relay][0])
    return f"{before}, so late that the broker has forgotten its ledger"


def fails_there(world: World, who: int, how_far: int, which: int) -> str | None:
    """`which` is here how it fails, and the instance is the newest."""
    before = reaches(world, who, how_far, 0)
    after = is_struck(world, who, which, 0)
    return f"{before}; {after}" if after else before


def _there(world: World, who: int, how_far: int, which: int, does: Does) -> str | None:
    before = reaches(world, who, how_far, which & 1)
    after = does(world, SERVICES.index(PARTS[who % len(PARTS)][0]), which >> 1, which & 1)
    return f"{before}; {after}" if after else before


def everything(world: World, who: int, how_far: int, which: int) -> str | None:
    return "everything goes on until nothing is left to do" if world.settle(A_WHILE) else None


def is_killed(world: World, who: int, how_far: int, which: int) -> str | None:
    """What it has asked is lost, or is still on its way."""
    process, name = _instance(world, SERVICES[who % len(SERVICES)], which)
    asked = [question for question in process.asked if question.possible()]
    world.kill(process)
    words = f"{name} is killed and started again"
    if how_far % 2 and asked:
        return f"{words}; still on its way: {', '.join(question.what for question in asked)}"
    world.late[:] = [question for question in world.late if question not in asked]
    return words


def is_doubled(world: World, who: int, how_far: int, which: int) -> str | None:
    service = SERVICES[who % len(SERVICES)]
    if len(world.instances[service]) == INSTANCES:
        return None
    world.start(service)
    return f"{service} stands still; a second one starts"


def is_struck(world: World, who: int, how_far: int, which: int) -> str | None:
    service, part, _ = PARTS[who % len(PARTS)]
    process, name = _instance(world, service, which)
    if process.next_question(part) is None:
        return None
    fault = tuple(Fault)[how_far % len(Fault)]
    process.struck[part] = fault
    return f"{name}, {part}: {world.advance(process, part)}: {fault.value}"


def is_unreadable(world: World, who: int, how_far: int, which: int) -> str | None:
    topic = tuple(GROUPS.values())[who % len(GROUPS)]
    place = Partition(topic, how_far % world.log.partitions[topic])
    world.junk.append((place, world.log.append(place, b"junk", b"junk", ()).offset))
    return f"somebody writes to {topic} what nobody can read"


def comes_late(world: World, who: int, how_far: int, which: int) -> str | None:
    if not world.late:
        return None
    question = world.late.pop(who % len(world.late))
    done(question)
    return f"what was on its way arrives: {question.what}"


def is_marked(world: World, who: int, how_far: int, which: int) -> str | None:
    unfinished = world.log.unfinished()
    if not unfinished:
        return None
    name = unfinished[who % len(unfinished)]
    world.log.mark(name)
    return f"the broker writes a marker of {name}"


def runs_out(world: World, who: int, how_far: int, which: int) -> str:
    world.log.expire()
    return "open transactions run out of time"


def time_passes(world: World, who: int, how_far: int, which: int) -> str | None:
    process, name = _instance(world, SERVICES[who % len(SERVICES)], which)
    return f"time passes for {name}" if world.advance(process, "nobody") else None


def database_dies(world: World, who: int, how_far: int, which: int) -> str:
    service = SERVICES[who % 2]
    world.kill_database(service)
    return f"the database of {service} is killed and started again"


# The earlier, the simpler a story with it is taken to be.
DOES: tuple[Does, ...] = (
    pays,
    everything,
    dies_there,
    stands_there,
    fails_there,
    forgotten_there,
    reaches,
    is_killed,
    is_doubled,
    goes_on,
    is_struck,
    comes_late,
    is_unreadable,
    is_marked,
    time_passes,
    runs_out,
    database_dies,
)
