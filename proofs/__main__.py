"""`python -m proofs`, which `./shop prove` becomes."""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["model"]:
        from proofs.model.__main__ import main as check_model

        sys.exit(check_model(sys.argv[2:]))

    from proofs.cli import main

    main()
