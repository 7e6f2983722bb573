"""The hubs are those of the hub's own tests."""

from tests.logs_service.conftest import serve, serve_logs, writer

__all__ = ["serve", "serve_logs", "writer"]
