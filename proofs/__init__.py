"""`./shop prove`: kills a shop of its own in every way it knows, and audits what came out of it."""
