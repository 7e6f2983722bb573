"""The cases: what is done to the shop while clients are at work, and what a case itself wants to see."""

from collections.abc import Mapping

from proofs.cases import (
    asleep,
    bad_records,
    broker,
    copying,
    crashes,
    database,
    delayed_commit,
    everything,
    fence_fight,
    ledger_lost,
    network,
    peaceful,
    storm,
    two_relays,
    zombie,
    zombies,
)
from proofs.cases.case import Case, Tooth

CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        peaceful.CALM,
        *crashes.KILLED,
        crashes.POINTS,
        crashes.BEHIND_THE_DOCUMENT,
        crashes.BEHIND_THE_COMMIT,
        crashes.BEFORE_THE_OFFSETS,
        bad_records.POISON,
        peaceful.IMPATIENT,
        peaceful.ROLLING,
        copying.COPY,
        ledger_lost.LEDGER_LOST,
        zombie.ZOMBIE,
        zombies.ZOMBIES,
        *broker.BROKER,
        *database.DATABASE,
        *network.NETWORK,
        fence_fight.FENCE_FIGHT,
        two_relays.TWO_RELAYS,
        delayed_commit.DELAYED_COMMIT,
        storm.STORM,
        asleep.ASLEEP_CASE,
        everything.EVERYTHING,
    )
}

TEETH: Mapping[str, Tooth] = {
    tooth.safeguard: tooth
    for tooth in (
        Tooth(
            "outbox",
            "events are sent after the insert, not stored with it",
            crashes.BEHIND_THE_DOCUMENT,
            "lost",
        ),
        Tooth(
            "ledger", "all that is pending is sent again at a start", crashes.BEHIND_THE_COMMIT, "duplicate"
        ),
        Tooth("transactions", "records first, offsets afterwards", crashes.BEFORE_THE_OFFSETS, "duplicate"),
        Tooth("fencing", "each start has transactional ids of its own", zombie.ZOMBIE, "duplicate"),
        Tooth(
            "epochs",
            "after an error under other transactional ids",
            delayed_commit.DELAYED_COMMIT,
            "duplicate",
        ),
        Tooth("lease", "every replica relays", two_relays.TWO_RELAYS, "other"),
        Tooth("giving-up", "two who fence each other go on", fence_fight.FENCE_FIGHT, "other"),
        Tooth("leaving", "a member that ends does not say so to its group", storm.STORM, "other"),
        Tooth("dedupe", "the hub remembers nothing", ledger_lost.LEDGER_LOST, "duplicate"),
        Tooth(
            "await-sends", "offsets go whatever the broker says to the records", bad_records.POISON, "lost"
        ),
        Tooth(
            "explicit-seek",
            "back to the committed offset by the client's own way",
            bad_records.POISON,
            "lost",
        ),
        Tooth("journal", "nobody waits until a write is on the disk", database.KILLED, "lost"),
        Tooth(
            "offsets-year",
            "the broker forgets offsets after a week, as by default",
            asleep.ASLEEP_CASE,
            "duplicate",
        ),
    )
}
