"""The output folder: refuse, resume or start over; publish a finished run."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from coder.batch.store import WORK, remove, write_json
from coder.batch.writing import FORMATS
from coder.errors import OutputError

MANIFEST: Final = "run.json"
RESULTS: Final = (*(f"coded.{name}" for name in FORMATS), "review.csv", "rejected.csv", MANIFEST)
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Start(StrEnum):
    """What a run finds and may do."""

    NEW = "new"
    CONTINUE = "continue"
    COMPLETE = "complete"


def start(out: Path, plan: Mapping[str, object], *, resume: bool, force: bool) -> Start:
    """Make the folder ready for a run with this plan.

    Without `resume` and `force` a folder that holds a run, finished or not, is refused. `force`
    removes that run and nothing else; `resume` continues an unfinished run of the same plan,
    leaves a finished one alone, and starts a new one where there is none.

    Raises OutputError: a run is there; it had another plan (the difference is named); the
    folder cannot be made.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file: name a folder with --out", folder=str(out))
    found = [name for name in (*RESULTS, WORK) if (out / name).exists()]
    work = out / WORK
    if force:
        for name in found:
            remove(out / name)
    elif found and resume:
        return _resumed(out, plan)
    elif work.exists():
        raise OutputError(
            f"{out} holds an unfinished run: continue it with --resume, or start over with --force",
            folder=str(out),
        )
    elif found:
        raise OutputError(
            f"{out} already holds a run ({', '.join(found)}): choose another --out, or --force",
            folder=str(out),
        )
    work.mkdir(parents=True)
    write_json(work / "plan.json", dict(plan))
    return Start.NEW


def _resumed(out: Path, plan: Mapping[str, object]) -> Start:
    work = out / WORK
    finished = not work.exists()
    path = out / MANIFEST if finished else work / "plan.json"
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if finished or any((out / name).exists() for name in RESULTS):
            raise OutputError(
                f"{out} holds output files but no run to continue: "
                "choose another --out, or --force",
                folder=str(out),
            ) from None
        # killed before it wrote its plan
        write_json(work / "plan.json", dict(plan))
        return Start.NEW
    except ValueError:
        raise OutputError(f"{path} cannot be read: start over with --force") from None
    changed = _changed(before, json.loads(json.dumps(plan)))
    if changed:
        raise OutputError(
            f"the run in {out} cannot continue, these have changed: {', '.join(changed)} "
            "(start over with --force)",
            folder=str(out),
            changed=changed,
        )
    return Start.COMPLETE if finished else Start.CONTINUE


def _changed(before: object, plan: Mapping[str, object]) -> list[str]:
    """Names of the parts of the plan that differ; of settings, which setting."""
    if not isinstance(before, dict):
        return list(plan)
    changed = [key for key in plan if before.get(key) != plan[key]]
    settings, earlier = plan.get("settings"), before.get("settings")
    if "settings" in changed and isinstance(settings, dict) and isinstance(earlier, dict):
        changed.remove("settings")
        changed += [key for key in settings if earlier.get(key) != settings[key]]
    return ["the input files" if key == "read_as" else key for key in changed]


def publish(out: Path, names: tuple[str, ...]) -> None:
    """Move finished files from the working folder into place, the manifest last; clear up."""
    finished = out / WORK / "finished"
    for name in names:
        (finished / name).replace(out / name)
    remove(out / WORK)


def write_failure(out: Path, error: OSError) -> OutputError:
    """The one line for a failed write."""
    full = error.errno in _FULL or "No space left" in str(error)
    if full:
        message = f"no space left for {out}: free some, then continue with --resume"
    else:
        message = f"cannot write to {out}: {error.strerror or type(error).__name__}"
    return OutputError(message, folder=str(out))
