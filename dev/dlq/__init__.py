"""`./shop dlq`: the records that a service could not handle, for a person who decides what becomes of them.

Each is redriven (published again to the topic from which it came) or dropped, and both are written beside it in the
same Kafka transaction. Nothing here knows why a record was refused.
"""
