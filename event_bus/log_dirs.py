"""The request by which a broker tells how many bytes it keeps of each partition, which the client library lacks.

DescribeLogDirs (KIP-113), version 1: the last one without tagged fields, and the first one that Kafka 4 answers.
"""

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Int64, Schema, String

from event_bus.records import Partition

_KEY, _VERSION = 35, 1


class DescribeLogDirsResponse_v1(Response):  # type: ignore[misc]  # the library is untyped
    API_KEY, API_VERSION = _KEY, _VERSION
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            Array(
                ("error_code", Int16),
                ("log_dir", String("utf-8")),
                (
                    "topics",
                    Array(
                        ("name", String("utf-8")),
                        (
                            "partitions",
                            Array(
                                ("partition", Int32),
                                ("size", Int64),
                                ("offset_lag", Int64),
                                ("is_future", Boolean),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )


class DescribeLogDirsRequest_v1(RequestStruct):  # type: ignore[misc]
    API_KEY, API_VERSION, RESPONSE_TYPE = _KEY, _VERSION, DescribeLogDirsResponse_v1
    SCHEMA = Schema(("topics", Array(("topic", String("utf-8")), ("partitions", Array(Int32)))))


class DescribeLogDirs(Request[DescribeLogDirsRequest_v1]):  # type: ignore[misc]
    """Of every partition."""

    API_KEY = _KEY

    def build(self, request_struct_class: type[DescribeLogDirsRequest_v1]) -> DescribeLogDirsRequest_v1:
        return request_struct_class(None)


def sizes(answer: DescribeLogDirsResponse_v1) -> dict[Partition, int]:
    """Bytes by partition, its full name. What is on its way to another disk counts where it was."""
    return {
        Partition(topic, partition): size
        for _, _, topics in answer.results
        for topic, partitions in topics
        for partition, size, _, is_future in partitions
        if not is_future
    }
