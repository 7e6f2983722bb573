"""What the HTTP edge costs, layer by layer, and what it does with slow and with too many clients."""
