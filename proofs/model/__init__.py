"""The shop without broker and database: its own code, step by step, through every crash that chance comes up with."""
