"""The schemes that come with the package, and the one loader for them and for users' own files."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process

from coder.errors import SchemeError
from coder.resources import shipped
from coder.schemes.scheme import Scheme

_ISCO = "International Standard Classification of Occupations"
_ISIC = "International Standard Industrial Classification of All Economic Activities"
_ICLS = "16th ICLS, 1998, resolution on occupational injuries"
_ESAW = "European Statistics on Accidents at Work, groups"
_ICSE = "International Classification of Status in Employment"
TITLES = {
    "isco-08": f"{_ISCO}, 2008",
    "isco-88": f"{_ISCO}, 1988",
    "isic-5": f"{_ISIC}, Rev.5",
    "isic-4": f"{_ISIC}, Rev.4",
    "isic-3.1": f"{_ISIC}, Rev.3.1",
    "isic-3": f"{_ISIC}, Rev.3",
    "injury-type": f"Type of injury ({_ICLS}, Annex E)",
    "body-part": f"Part of body injured ({_ICLS}, Annex F)",
    "injury-mode": f"Mode of injury ({_ESAW} of contact)",
    "material-agency": f"Material agency of injury ({_ESAW} of material agents)",
    "deviation": f"Deviation ({_ESAW})",
    "specific-activity": f"Specific physical activity ({_ESAW})",
    "location": f"Type of location of the accident ({_ICLS}, paragraph 9 d)",
    "icse-93": f"{_ICSE}, 1993 ({_ICLS}, Annex D)",
    "icse-18": f"{_ICSE}, status by type of authority, 2018",
    "size-class": f"Size of the establishment ({_ICLS}, Annex B)",
}


def list_schemes() -> list[str]:
    """Names of the shipped schemes."""
    return list(TITLES)


def load_scheme(name_or_path: str | Path) -> Scheme:
    """A shipped scheme by name, or a scheme of your own by the path of its CSV file.

    Cached: the same unchanged file gives the same object. Raises SchemeError for an unknown name
    or a file that is no scheme (see `Scheme.from_csv`).
    """
    name = str(name_or_path).strip()
    if name.lower() in TITLES:
        return _shipped_scheme(name.lower())
    path = Path(name_or_path)
    if path.suffix.lower() == ".csv" or path.is_file():
        if not path.is_file():
            raise SchemeError(f"there is no scheme file {path}", file=str(path))
        state = path.stat()
        return _own_scheme(path.resolve(), state.st_mtime_ns, state.st_size)
    nearest = process.extractOne(name, TITLES.keys(), scorer=fuzz.ratio, score_cutoff=60)
    hint = f" (did you mean {nearest[0]}?)" if nearest else ""
    raise SchemeError(
        f"unknown scheme {name!r}{hint}; shipped: {', '.join(TITLES)}; or name a CSV "
        "file with the columns code, title, parent",
        scheme=name,
    )


@cache
def _shipped_scheme(name: str) -> Scheme:
    return Scheme.from_csv(shipped("training_data", "schemes", f"{name}.csv"), name, TITLES[name])


@lru_cache(maxsize=32)
def _own_scheme(path: Path, modified_ns: int, size: int) -> Scheme:  # noqa: ARG001  # cache key
    return Scheme.from_csv(path)
