"""Imports go down only, heavy libraries stay in their corner, and the clock is read at the edge.

The layers are those of the design: a room may import from rooms below its line, never from its own line
or above. What is imported only for type checking counts too: a name that points up is a dependency.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.problems import PACKAGE, ROOT, Problem, place, python_files, report

# Lowest first. Rooms on one line do not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("units",),
    ("vocabulary",),
    ("guidance",),
    ("events",),
    ("records", "physiology"),
    ("findings",),
    ("decision",),
    ("plan",),
    ("outlook",),
    ("report",),
    ("assess",),
    ("engine",),
    ("store", "audit", "population"),
    ("cli", "service"),
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
EDGE = ("cli", "service")

# Library -> the only places that may import it.
CORNERS = {
    "pyspark": ("engine/spark.py",),
    "sqlalchemy": ("store",),
    "alembic": ("store",),
    "fastapi": ("service",),
    "starlette": ("service",),
    "uvicorn": ("service",),
    "typer": ("cli",),
    "altair": ("report",),
    "vl_convert": ("report",),
    "numba": ("physiology",),
}

# `import cobalamin` stays light, so a help page or a hook answers at once.
NEVER_AT_START = (*CORNERS, "pandas", "scipy", "pyarrow")

CLOCK = {
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("time", "time"),
}


@dataclass(frozen=True)
class Import:
    """One import statement: the module named in full, and its line."""

    module: str
    line: int


def imports(tree: ast.AST, package: str) -> Iterator[Import]:
    """Every import in a file; relative ones resolved against the package that holds the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _resolve(node, package)
            if base == "cobalamin":
                yield from (Import(f"cobalamin.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield Import(base, node.lineno)


def _resolve(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def problems_in(path: Path, package_root: Path = PACKAGE) -> list[Problem]:
    """What one file of the package breaks."""
    relative = path.relative_to(package_root)
    room = relative.parts[0].removesuffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    package = ".".join(("cobalamin", *relative.parts[:-1]))
    found = []
    for item in imports(tree, package):
        found += _layer_problem(room, item, path)
        found += _corner_problem(relative, item, path)
    return found + _clock_problems(room, tree, path)


def _layer_problem(room: str, item: Import, path: Path) -> list[Problem]:
    if room in ("__init__", "__main__") or not item.module.startswith("cobalamin"):
        return []
    target = item.module.partition(".")[2].partition(".")[0]
    if room not in LEVEL:
        return [Problem(place(path), f"{room} has no layer.", "Add it to LAYERS in tools/check_layers.py.")]
    if target == room:
        return []
    if target not in LEVEL:
        remedy = "Import it from the module that defines it; the package root is for users."
        return [] if room in EDGE else [Problem(place(path, item.line), f"imports {item.module}.", remedy)]
    if LEVEL[target] < LEVEL[room]:
        return []
    direction = "on its own line" if LEVEL[target] == LEVEL[room] else "above it"
    what = f"{room} imports {target}, which is {direction}."
    return [Problem(place(path, item.line), what, "Imports go down only: move the code, or pass the value in.")]


def _corner_problem(relative: Path, item: Import, path: Path) -> list[Problem]:
    library = item.module.partition(".")[0]
    corners = CORNERS.get(library)
    if corners is None or any(relative.as_posix().startswith(corner) for corner in corners):
        return []
    allowed = " or ".join(f"cobalamin/{corner}" for corner in corners)
    return [Problem(place(path, item.line), f"imports {library}.", f"Only {allowed} may.")]


def _clock_problems(room: str, tree: ast.AST, path: Path) -> list[Problem]:
    if room in EDGE:
        return []
    remedy = "The day is an argument; only cli and service read the clock."
    return [
        Problem(place(path, node.lineno), f"reads the clock ({ast.unparse(node.func)}).", remedy)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _reads_clock(node.func)
    ]


def _reads_clock(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute):
        return False
    owner = function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return (name, function.attr) in CLOCK


def loaded_at_start() -> list[str]:
    """The heavy libraries that a bare `import cobalamin` brings in."""
    program = f"import sys, cobalamin; print(*[m for m in {NEVER_AT_START!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    return run.stdout.split()


def main() -> int:
    """Check every file of the package, then what importing it loads."""
    found = [problem for path in python_files(PACKAGE) for problem in problems_in(path)]
    remedy = "Import it inside the function that needs it."
    found += [Problem("import cobalamin", f"loads {name}.", remedy) for name in loaded_at_start()]
    return report("layers", found, "imports go down only; heavy libraries and the clock are where they belong.")


if __name__ == "__main__":
    sys.exit(main())
