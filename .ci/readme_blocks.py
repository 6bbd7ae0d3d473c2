"""Run the README's blocks as a reader would: in an empty environment, from a copy of the checkout.

    python3 .ci/readme_blocks.py README.md ENVIRONMENT PLACE

The block that installs for testing is left to .ci/run, which times it. After the first block the
checkout's own package is moved out of reach, so that the rest runs from what was installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SKIP = ".[review,test]"
IGNORED = shutil.ignore_patterns(".git", ".venv", "work", ".*_cache", ".hypothesis", "__pycache__")


def main(readme: Path, environment: Path, place: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(sh|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    shutil.copytree(readme.resolve().parent, place, ignore=IGNORED)
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(environment)}
    for language, code in blocks:
        if SKIP in code:
            continue
        command = ["bash", "-euc", code] if language == "sh" else ["python", "-c", code]
        print(f"$ {code.strip()}", flush=True)
        subprocess.run(command, cwd=place, env=variables, check=True)
        if (place / "coder").is_dir():
            for name in ("coder", "models", "training_data"):
                shutil.move(place / name, place / f"not-{name}")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
