"""One question to a broker, “who are your brokers?”, in Kafka's own bytes: readiness without a client library."""

import socket
import struct
from typing import BinaryIO

# The requests' keys, each with an old and simple version of it that every broker still answers.
METADATA, HANDSHAKE, AUTHENTICATE = (3, 4), (17, 1), (36, 0)
WITHIN = 2.0  # seconds for one question; the caller asks again


def broker_ports(port: int, account: tuple[str, str] | None = None) -> list[int]:
    """The ports of the brokers that the one on this port of 127.0.0.1 knows; empty when it does not answer.

    `account`: name and password, of a broker that asks for them.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), WITHIN) as connection:
            connection.settimeout(WITHIN)
            with connection.makefile("rb") as answers:
                if account:
                    _log_in(connection, answers, *account)
                return _ports(_ask(connection, answers, METADATA, _ALL_BROKERS))
    except (OSError, struct.error):
        return []


_NO_TOPICS, _NO_CREATION = 0, 0
_ALL_BROKERS = struct.pack(">ib", _NO_TOPICS, _NO_CREATION)


def _log_in(connection: socket.socket, answers: BinaryIO, name: str, password: str) -> None:
    """By PLAIN (RFC 4616). What the broker says to it is of no interest: after a refusal it closes."""
    mechanism, proof = b"PLAIN", f"\0{name}\0{password}".encode()
    _ask(connection, answers, HANDSHAKE, struct.pack(">h", len(mechanism)) + mechanism)
    _ask(connection, answers, AUTHENTICATE, struct.pack(">i", len(proof)) + proof)


def _ask(connection: socket.socket, answers: BinaryIO, kind: tuple[int, int], body: bytes) -> bytes:
    correlation, no_client_id = 1, 0
    request = struct.pack(">hhih", *kind, correlation, no_client_id) + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (size,) = struct.unpack(">i", answers.read(4))
    return answers.read(size)


def _ports(answer: bytes) -> list[int]:
    _correlation, _throttled, count = struct.unpack_from(">iii", answer)
    at, ports = 12, []
    for _ in range(count):
        _node, host_length = struct.unpack_from(">ih", answer, at)
        at += 6 + host_length
        port, rack_length = struct.unpack_from(">ih", answer, at)
        at += 6 + max(rack_length, 0)  # -1: no rack
        ports.append(port)
    return ports
