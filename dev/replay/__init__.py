"""`./shop replay`: would the worker make the same of its past events, now that its code was changed?

Its real handlers run once more over what its group has consumed; what they make goes to topics of the moment, and is
held against what the worker made the first time. Nothing else is written, and no offset committed.
"""
