"""The requests for accounts and rights, as bytes on the wire: what the client library lacks, or misreads.

ACLs in version 1: the last one without tagged fields (KIP-140; the library sends its version 2 without them, which no
broker understands). AlterUserScramCredentials in version 0 (KIP-554).
"""

from aiokafka.protocol.admin import CreateAclsRequest_v1, DeleteAclsRequest_v1, DescribeAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

Entry = tuple[
    int, str, int, str, str, int, int
]  # resource, name, pattern, principal, host, operation, permission
Salted = tuple[str, int, int, bytes, bytes]  # account, mechanism, iterations, salt, salted password


class DescribeAcls(Request[DescribeAclsRequest_v1]):  # type: ignore[misc]  # the library is untyped
    """All entries of a principal."""

    API_KEY = 29

    def __init__(self, principal: str) -> None:
        self._principal = principal

    def build(self, request_struct_class: type[DescribeAclsRequest_v1]) -> DescribeAclsRequest_v1:
        anything = 1
        return request_struct_class(anything, None, anything, self._principal, None, anything, anything)


class CreateAcls(Request[CreateAclsRequest_v1]):  # type: ignore[misc]
    """All of these in one request."""

    API_KEY = 30

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        return request_struct_class(self._entries)


class DeleteAcls(Request[DeleteAclsRequest_v1]):  # type: ignore[misc]
    """Exactly these."""

    API_KEY = 31

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries

    def build(self, request_struct_class: type[DeleteAclsRequest_v1]) -> DeleteAclsRequest_v1:
        return request_struct_class(self._entries)


class AlterScramResponse_v0(Response):  # type: ignore[misc]
    API_KEY, API_VERSION = 51, 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterScramRequest_v0(RequestStruct):  # type: ignore[misc]
    API_KEY, API_VERSION, RESPONSE_TYPE, FLEXIBLE_VERSION = 51, 0, AlterScramResponse_v0, True
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields)),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterScram(Request[AlterScramRequest_v0]):  # type: ignore[misc]
    """Makes an account, or gives it this password."""

    API_KEY = 51

    def __init__(self, salted: Salted) -> None:
        self._salted = salted

    def build(self, request_struct_class: type[AlterScramRequest_v0]) -> AlterScramRequest_v0:
        return request_struct_class([], [(*self._salted, {})], {})
