"""One file a question. See README.md for the machine, the commands and the caveats."""
