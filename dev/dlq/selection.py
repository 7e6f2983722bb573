"""Which letters a person means, and which of them can't be had. Letters in, letters or a refusal out; no await."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts import dead_letters_of
from contracts.topics import ALL, CONSUMERS
from dev.dlq.address import Address
from dev.dlq.letters import How, Letter, Letters
from dev.errors import ShopError
from event_bus import Broker


@dataclass(frozen=True, slots=True)
class Selection:
    """Letters by their addresses; or those of some services, all of them or by a part of the reason."""

    services: Sequence[str]
    addresses: Sequence[Address] = ()
    reason: str = ""  # every reason has this in it

    def holds(self, letter: Letter) -> bool:
        return letter.address in self.addresses if self.addresses else self.reason in letter.reason


@dataclass(frozen=True, slots=True)
class Chosen:
    """`left_out`: why the others, which the same selection means, stay as they are."""

    letters: Sequence[Letter]
    left_out: Sequence[str] = ()


def select(broker: Broker, what: Sequence[str], reason: str | None, everything: bool) -> Selection:
    """Exactly one way of selecting. `what` are addresses, or the services that the other two ways are about."""
    addresses = [Address.parse(text) for text in what if ":" in text]
    services = [text for text in what if ":" not in text]
    ways = [bool(addresses), reason is not None, everything]
    if sum(ways) != 1 or (addresses and services):
        raise ShopError("choose letters in one way: by their addresses, by --reason TEXT, or by --all")
    if reason == "":
        raise ShopError("--reason '' is every reason: say --all")
    if addresses:
        return Selection(sorted({service_of(broker, address) for address in addresses}), addresses)
    return Selection(known(services), reason=reason or "")


def known(services: Sequence[str]) -> list[str]:
    """These, or all of them. Raises ShopError for one that has no dead letters."""
    for service in services:
        if service not in CONSUMERS:
            raise ShopError(f"{service} has no dead letters; those that do: {', '.join(CONSUMERS)}")
    return list(dict.fromkeys(services)) or list(CONSUMERS)


def service_of(broker: Broker, address: Address) -> str:
    """Whose letter it is. Raises ShopError where the topic is none of dead letters."""
    topics = {broker.named(dead_letters_of(service).name): service for service in CONSUMERS}
    if address.topic not in topics:
        raise ShopError(f"{address.topic} holds no dead letters; these do: {', '.join(topics)}")
    return topics[address.topic]


def choose(broker: Broker, selection: Selection, letters: Letters, how: How) -> Chosen:
    """Raises ShopError if only one of the addresses is refused: then nothing is to be done at all."""
    if refused := list(_refused(selection, letters)):
        raise ShopError("; ".join(refused))
    meant = sorted(filter(selection.holds, letters.open()), key=lambda letter: letter.address)
    if how == "dropped":
        return Chosen(meant)
    left_out = {letter.address: why for letter in meant if (why := _why_not(broker, letter))}
    if left_out and selection.addresses:
        raise ShopError("; ".join(left_out.values()))
    return Chosen([letter for letter in meant if letter.address not in left_out], list(left_out.values()))


def _refused(selection: Selection, letters: Letters) -> Iterator[str]:
    for address in selection.addresses:
        if address not in letters.found:
            yield f"there is no dead letter {address}"
        elif address in letters.resolved:
            yield f"{address} was {letters.resolved[address].how} already"


def _why_not(broker: Broker, letter: Letter) -> str | None:
    if letter.cut:
        return (
            f"{letter.address} can't be redriven: it was too large to be kept whole, "
            f"of its value there are the first {letter.size:,} bytes (./shop dlq drop is what is left)"
        )
    if letter.source.topic not in {broker.named(topic.name) for topic in ALL}:
        return f"{letter.address} can't be redriven: {letter.source.topic} is no topic of this shop"
    return None
