"""Where the shared real data lie, when a checkout has them beside it."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("NARRACODER_SHARED", Path(__file__).resolve().parents[2] / "shared"))
NEEDS_SHARED = "the real data folder ../shared is not beside this checkout (see SOURCES.md)"
