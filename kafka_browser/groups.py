"""Consumer groups: who is in them, what they have committed, and how far behind that is."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, Field, RootModel
from starlette.requests import Request

from event_bus import Partition
from event_bus.kafka import Admin
from event_bus.ledger import GROUP_SUFFIX
from event_bus.records import Group
from http_edge import NotFound
from kafka_browser.kafka import Kafka

Offsets = Mapping[Partition, int]
_LAG = "Offsets behind the end, of which not each is a record: the last transaction's marker stays ahead."


class GroupSummary(BaseModel):
    """A consumer group."""

    name: str
    state: str
    members: int
    lag: int | None = Field(description=f"{_LAG} null: of a ledger.")
    ledger: bool = Field(
        description="The ledger of an outbox: its commits name what was sent and are no place in a topic."
    )


class GroupSummaries(RootModel[list[GroupSummary]]):
    """Every group."""


class Progress(BaseModel):
    topic: str
    partition: int
    committed: int
    end: int | None = Field(description="null: there is no such partition any more.")
    lag: int | None = Field(description=_LAG)
    member: str | None = Field(
        description="Who reads it, as client@host; null: nobody, or one outside the group."
    )


class GroupView(GroupSummary):
    """A group, partition by partition."""

    partitions: list[Progress]


async def groups(request: Request) -> GroupSummaries:
    kafka: Kafka = request.state.kafka
    async with kafka.admin() as admin:
        names = await _names(kafka, admin)
        found = {name: await admin.group(name) for name in names}
        committed = {name: await admin.all_committed(name) for name in names}
        counts = await admin.partition_counts()
    ends = await _ends(kafka, counts, {one for offsets in committed.values() for one in offsets})
    return GroupSummaries([_summary(name, found[name], committed[name], ends) for name in names])


async def group(request: Request) -> GroupView:
    kafka: Kafka = request.state.kafka
    name = request.path_params["group"]
    async with kafka.admin() as admin:
        if name not in await _names(kafka, admin):
            raise NotFound("There is no such group; /api/groups tells which ones there are.")
        found, committed = await admin.group(name), await admin.all_committed(name)
        counts = await admin.partition_counts()
    ends = await _ends(kafka, counts, committed)
    progress = [_progress(kafka, name, found, one, committed[one], ends) for one in sorted(committed)]
    return GroupView(**_summary(name, found, committed, ends).model_dump(), partitions=progress)


async def _names(kafka: Kafka, admin: Admin) -> list[str]:
    prefix = kafka.broker.prefix
    return [kafka.shown(name) for name in await admin.group_names() if name.startswith(prefix)]


async def _ends(kafka: Kafka, counts: Mapping[str, int], wanted: Iterable[Partition]) -> Offsets:
    """Of those that are there; `counts` tells of each topic how many partitions it has."""
    there = [one for one in wanted if one.partition < counts.get(one.topic, 0)]
    async with kafka.consumer() as consumer:
        return await consumer.ends(there)


def _summary(name: str, group: Group, committed: Offsets, ends: Offsets) -> GroupSummary:
    lags = [_lag(name, one, offset, ends) for one, offset in committed.items()]
    return GroupSummary(
        name=name,
        state=group.state,
        members=len(group.members),
        lag=None if _is_ledger(name) else sum(lag or 0 for lag in lags),
        ledger=_is_ledger(name),
    )


def _progress(
    kafka: Kafka, name: str, group: Group, one: Partition, committed: int, ends: Offsets
) -> Progress:
    readers = (
        f"{member.client}@{member.host.lstrip('/')}" for member in group.members if one in member.partitions
    )
    return Progress(
        topic=kafka.shown(one.topic),
        partition=one.partition,
        committed=committed,
        end=ends.get(one),
        lag=_lag(name, one, committed, ends),
        member=next(readers, None),
    )


def _lag(name: str, one: Partition, committed: int, ends: Offsets) -> int | None:
    return None if _is_ledger(name) or one not in ends else max(0, ends[one] - committed)


def _is_ledger(name: str) -> bool:
    return name.endswith(GROUP_SUFFIX)
