"""One question to a broker, “who are your brokers?”, in Kafka's own bytes: readiness without a client library."""

import socket
import struct

METADATA, VERSION = 3, 4  # the request's key; an old and simple version of it that every broker still answers
WITHIN = 2.0  # seconds for one question; the caller asks again


def broker_ports(port: int) -> list[int]:
    """The ports of the brokers that the one on this port of 127.0.0.1 knows; empty when it does not answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), WITHIN) as connection:
            connection.settimeout(WITHIN)
            connection.sendall(_request())
            return _ports(_answer(connection))
    except (OSError, struct.error):
        return []


def _request() -> bytes:
    correlation, no_topics, no_creation = 1, 0, 0
    body = struct.pack(">hhih0sib", METADATA, VERSION, correlation, 0, b"", no_topics, no_creation)
    return struct.pack(">i", len(body)) + body


def _answer(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as stream:
        (size,) = struct.unpack(">i", stream.read(4))
        return stream.read(size)


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
