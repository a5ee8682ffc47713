"""`python -m opla.counterparts VAR [PORT]`: the process on its own, without the shop."""

from __future__ import annotations

import sys
from pathlib import Path

from opla.counterparts.server import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
