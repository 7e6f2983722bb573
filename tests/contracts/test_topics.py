"""The topics: each once, with room for what a service can't handle."""

from contracts import EVENT_TYPES, dead_letters_of
from contracts.topics import ALL, CONSUMERS, INVENTORIES, NOTIFICATIONS, STOCK


def test_each_has_a_name_of_its_own_and_says_what_its_key_is() -> None:
    assert len({topic.name for topic in ALL}) == len(ALL)
    assert all(topic.key for topic in ALL)


def test_every_topic_is_of_an_event_or_of_dead_letters() -> None:
    of_events = {event.topic for event in EVENT_TYPES.values()}
    assert of_events | set(map(dead_letters_of, CONSUMERS)) == set(ALL)


def test_whoever_may_meet_a_dead_letter_has_a_topic_for_it() -> None:
    for service in ("notifications_service", "inventories_service", "payments_service"):
        letters = dead_letters_of(service)
        assert letters in ALL
        assert (letters.name, letters.holds_inputs) == (f"{service}.dlq", True)


def test_what_is_shared_by_partition_can_be_worked_on_by_six() -> None:
    assert {topic.partitions for topic in (NOTIFICATIONS, INVENTORIES, STOCK)} == {6}
