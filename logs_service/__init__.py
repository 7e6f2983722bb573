"""The log hub: every line of the topic `logs`, live, to whoever connects to its WebSocket."""
