"""A made-up successor of ISCO-08 for a few codes: one split, one merge, one kept, one dropped."""

from __future__ import annotations

from pathlib import Path

NAME = "isco-28"
SCHEME = """code,title,parent
9,Workers of the future,
90,Metal joiners and smiths,9
900,Metal joiners and smiths,90
9001,Gas welders,900
9002,Robot welding operators,900
9003,Metal shapers,900
95,Sellers,9
950,Sellers,95
9501,Shop sellers,950
"""
CROSSWALK = """source_code,target_code,note
7212,9001,
7212,9002,
7213,9003,
7214,9003,
5223,9501,
"""
INDEX = """term,code
Gas welder,9001
"Welder, oxyacetylene",9001
Welding robot operator,9002
"Operator, robotic welding cell",9002
"""


def made_up(folder: Path, name: str = NAME) -> Path:
    """The folder of the revision, in `folder`."""
    home = folder / name
    home.mkdir()
    (home / "scheme.csv").write_text(SCHEME)
    (home / f"isco-08_{name}.csv").write_text(CROSSWALK)
    (home / "index.csv").write_text(INDEX)
    return home
