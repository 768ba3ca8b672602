"""Where the data of benchmarks are."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data(name: str) -> Path:
    """A file in the folder ``$SCATTER_DATA``; ends the program if the variable is not set."""
    folder = os.environ.get("SCATTER_DATA")
    if folder is None:
        sys.exit(f"SCATTER_DATA is not set; type: export SCATTER_DATA=FOLDER, which holds {name}")
    return Path(folder) / name
