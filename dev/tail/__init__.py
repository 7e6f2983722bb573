"""`./shop tail`: the lines of the hub for a person or a pipe. Knows the hub by its address and its protocol alone."""
