"""Turns every notification into one structured line on `logs`."""
