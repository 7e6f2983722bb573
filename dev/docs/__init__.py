"""`./shop docs`: what the tables of the services and the language say, as files for people and for tools.

Everything here is made from `contracts/` and each `app.py`; nothing of it is written by hand, so nothing can differ.
"""
