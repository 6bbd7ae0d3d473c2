"""The design's arrows, checked on the syntax tree of every module: rooms, cycles, third parties."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "coder"

#: Higher numbers may import lower ones; equal numbers may not import each other.
FLOORS: Mapping[str, int] = {
    "errors": 0,
    "resources": 1,
    "measures": 1,
    "figures": 2,
    "schemes": 2,
    "text": 3,
    "evidence": 4,
    "model": 5,
    "decide": 6,
    "engine": 7,
    "": 8,  # the package itself: `from coder import Coder`
    "batch": 9,
    "review": 9,
    "evaluate": 9,
    "statistics": 9,
    "cli": 10,
}
WEB = frozenset({"review"})
TRAINING = frozenset({"model/encoder", "model/train"})
TABLES = frozenset({"figures", "engine", "batch", "review", "evaluate", "statistics", "cli"})
MATHS = TABLES | {"measures", "evidence", "model", "decide"}
#: Third party → the rooms (or single modules, as `room/module`) that may import it. A package
#: that is not named here has no business in any room; pandas, for one.
OWNERS: Mapping[str, frozenset[str]] = {
    "alembic": WEB,
    "argon2": WEB,
    "click": frozenset({"cli"}),
    "distributed": frozenset({"batch"}),
    "fastapi": WEB,
    "jinja2": WEB | {"figures"},
    "joblib": frozenset({"model", "batch", "evaluate"}),
    "matplotlib": frozenset({"cli", "evaluate"}),
    "numpy": MATHS,
    "onnx": TRAINING,
    "onnxruntime": frozenset({"model"}),
    "openpyxl": frozenset({"batch", "review", "figures", "statistics"}),
    "prometheus_client": WEB,
    "pyarrow": TABLES,
    "pydantic": WEB,
    "rapidfuzz": frozenset({"schemes", "text", "evidence", "review"}),
    "safetensors": frozenset({"model"}),
    "scipy": MATHS - {"cli", "batch"},
    "sentence_transformers": TRAINING,
    "sklearn": frozenset({"model", "evaluate"}),
    "sqlalchemy": WEB,
    "starlette": WEB,
    "tokenizers": frozenset({"model"}),
    "torch": TRAINING,
    "tqdm": frozenset({"cli"}),
    "transformers": TRAINING,
    "uvicorn": WEB | {"cli"},
}


def modules(root: Path = PACKAGE) -> dict[str, ast.Module]:
    """Module name → syntax tree."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def room(module: str) -> str:
    """`coder.batch.run` → `batch`."""
    return [*module.split("."), ""][1]


def imports(name: str, tree: ast.Module, known: Mapping[str, ast.Module]) -> Iterator[str]:
    """Every module that this one imports, wherever in the file; relative ones resolved."""
    is_package = any(other.startswith(name + ".") for other in known)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = name.split(".")
                parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
                base = ".".join([*parts, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in known else base


def typing_only(tree: ast.Module) -> set[int]:
    """Lines of imports under `if TYPE_CHECKING:`, which never run."""
    return {
        inner.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }


def without_typing(tree: ast.Module) -> ast.Module:
    lines = typing_only(tree)
    body = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    kept: list[ast.stmt] = [node for node in body if node.lineno not in lines]
    return ast.Module(body=kept, type_ignores=[])


def arrow_problems(known: Mapping[str, ast.Module]) -> list[str]:
    problems = []
    for name, tree in known.items():
        for target in imports(name, tree, known):
            if target.split(".")[0] != "coder" or room(target) == room(name):
                continue
            if room(name) == "":
                allowed = FLOORS.get(room(target), 99) <= FLOORS["engine"]
            else:
                allowed = FLOORS.get(room(target), 99) < FLOORS.get(room(name), -1)
            if not allowed:
                problems.append(f"{name} may not import {target}")
    return problems


def third_party_problems(known: Mapping[str, ast.Module]) -> list[str]:
    problems = []
    for name, tree in known.items():
        own = "/".join(name.split(".")[1:3])
        for target in imports(name, tree, known):
            package = target.split(".")[0]
            if package == "coder" or package in sys.stdlib_module_names:
                continue
            if not OWNERS.get(package, frozenset()) & {room(name), own}:
                problems.append(f"{name} may not import {package}")
    return problems


def cycles(known: Mapping[str, ast.Module]) -> list[list[str]]:
    """Modules that import each other in a ring, imports inside functions included.

    A package's `__init__` is a ring with its own modules only if they import the package itself.
    """
    graph = {
        name: {t for t in imports(name, without_typing(tree), known) if t in known and t != name}
        for name, tree in known.items()
    }
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
            return
        if name in done:
            return
        for target in sorted(graph[name]):
            visit(target, [*path, name])
        done.add(name)

    for name in graph:
        visit(name, [])
    return found


def test_arrows_point_down() -> None:
    assert arrow_problems(modules()) == []


def test_no_module_imports_itself_in_a_ring() -> None:
    assert cycles(modules()) == []


def test_third_parties_stay_in_their_rooms() -> None:
    assert third_party_problems(modules()) == []


def test_every_room_has_a_floor() -> None:
    assert {room(name) for name in modules()} <= set(FLOORS)


@pytest.mark.parametrize(
    ("module", "line", "check"),
    [
        ("coder.schemes.x", "from coder.text import clean", arrow_problems),
        ("coder.text.x", "def f():\n    import coder.model", arrow_problems),
        ("coder.batch.x", "from coder.review import queue", arrow_problems),
        ("coder.evaluate.x", "from coder.statistics import y", arrow_problems),
        ("coder.model.x", "from ..engine import Coder", arrow_problems),
        ("coder.measures.x", "from coder.evaluate import y", arrow_problems),
        ("coder.figures.x", "from coder.evaluate import y", arrow_problems),
        ("coder.engine", "from coder import Coder", arrow_problems),
        ("coder.new_room.x", "from coder.text import clean", arrow_problems),
        ("coder", "from coder.cli.main import main", arrow_problems),
        ("coder.model.x", "import fastapi", third_party_problems),
        ("coder.model.x", "import torch.nn", third_party_problems),
        ("coder.decide.x", "def f():\n    from torch import nn", third_party_problems),
        ("coder.engine", "import click", third_party_problems),
        ("coder.evaluate.x", "import pandas as pd", third_party_problems),
        ("coder.text.x", "import unheard_of", third_party_problems),
    ],
)
def test_the_checks_find_what_they_are_for(module: str, line: str, check) -> None:
    assert check({module: ast.parse(line)})


def test_the_checks_allow_what_is_allowed() -> None:
    known = {
        "coder.model.encoder.x": ast.parse("import torch\nfrom coder.text import clean"),
        "coder.cli.x": ast.parse("import click, os\nfrom coder.batch import Job"),
        "coder.text.x": ast.parse("from coder.text.y import z\nimport re"),
    }
    assert arrow_problems(known) == third_party_problems(known) == []


def test_a_ring_is_found_even_through_a_function() -> None:
    known = {
        "coder.text.a": ast.parse("import coder.text.b"),
        "coder.text.b": ast.parse("def f():\n    from coder.text import a"),
        "coder.text.c": ast.parse("from coder.text import a"),
    }
    assert cycles(known) == [["coder.text.a", "coder.text.b", "coder.text.a"]]
