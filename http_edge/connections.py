"""How many connections a process takes, and the class that uvicorn makes one of for each of them."""

import asyncio

from http_edge.errors import ServiceUnavailable
from http_edge.sockets import MOST_FILES
from http_edge.whole_answers import WholeAnswers

# Kafka, the database, logs: who is full of clients must still be able to come back to these.
SPARE_FILES = 100


class BoundedConnection(WholeAnswers):
    """503 and the end beyond `most_connections`, WebSockets among them, idle ones too."""

    most_connections: int

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            self._refused = True
            transport.write(self.answer(ServiceUnavailable("All connections are taken. Try again.")))
            transport.close()  # not politely: to hear them out would take what there is too little of


def bounded(request_seconds: float, files: int = MOST_FILES) -> type[BoundedConnection]:
    """What uvicorn takes for its option `http`. `files` that the process may have open."""
    attributes = {"request_seconds": request_seconds, "most_connections": files - SPARE_FILES}
    return type("Connection", (BoundedConnection,), attributes)
