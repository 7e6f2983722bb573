"""`python -m proofs`, which `./shop prove` becomes."""

from proofs.cli import main

main()
