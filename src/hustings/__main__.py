"""`python -m hustings` is `hustings`. Holds nothing else."""

import sys

from hustings.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
