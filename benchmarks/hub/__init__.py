"""The log hub, beside other WebSocket servers, and what it promises under bad conditions. See ../README.md."""
