"""The one loss that the relay can't make good by itself: its ledger is gone while it is dead. Readers cover it."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import DeleteGroupsRequest

from event_bus import ledger
from event_bus.crash_points import CrashPoint
from proofs.cases.case import Case
from proofs.clients import Load
from proofs.stage import Stage

SERVICE = "payments_service"
COUNTED_RAW = {  # checks of the books that count records, where a reader would count events
    "every accepted payment asked for its goods once",
    "every refusal has one refund, every refund one refusal",
}


async def ledger_lost(stage: Stage) -> None:
    """Dead between commit and removal: what was published is pending still, and nobody knows any more that it was."""
    stage.excuses |= COUNTED_RAW
    stage.clients(Load())
    service = stage.arena.services[SERVICE]
    for _ in range(2 if stage.short or stage.arena.without else 5):
        await service.ready()
        await stage.pause(0.5, 1.5)
        service.held = True
        await stage.strike(SERVICE, CrashPoint.COMMITTED)
        await _forget(stage, f"{SERVICE}-outbox-ledger")
        service.held = False
        stage.excused += 2 * ledger.MOST_IDS  # one batch on its topics, and the lines that follow from it


async def _forget(stage: Stage, group: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.arena.ground.kafka.bootstrap_servers)
    await admin.start()
    try:
        name = stage.arena.prefix + group
        answer = await admin._send_request(DeleteGroupsRequest([name]), await admin.find_coordinator(name))
        assert [code for _, code in answer.results] == [0], f"the ledger was not deleted: {answer}"
    finally:
        await admin.close()


LEDGER_LOST = Case(
    "ledger-lost",
    "the ledger is deleted while its relay is dead between commit and removal: the topic may repeat, no reader does",
    ledger_lost,
)
