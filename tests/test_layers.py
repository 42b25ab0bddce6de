"""The arrows of the house: deployments → flows → tasks → leadmoves; sandbox has none."""

import ast
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

HOUSE = Path(__file__).parent.parent
FORBIDDEN = {
    "leadmoves": {"prefect", "tasks", "flows", "deployments", "sandbox", "bench", "tests", "fastapi", "uvicorn"},
    "sandbox": {"prefect", "leadmoves", "tasks", "flows", "deployments", "bench", "tests"},
    "tasks": {"flows", "deployments", "sandbox", "bench", "tests"},
    "flows": {"deployments", "sandbox", "bench", "tests"},
    "deployments": {"bench", "tests"},
}
CODE = {"leadmoves", "sandbox", "tasks", "flows", "deployments"}
MOST, USUAL = 300, 120  # lines of a module
LONGEST, LONG = 50, 25  # lines of a function

MODULES = sorted(path for package in FORBIDDEN for path in (HOUSE / package).rglob("*.py"))
OURS = [path for path in MODULES if path.relative_to(HOUSE).parts[0] in CODE]


def named(path: Path) -> str:
    return str(path.relative_to(HOUSE))


def imported(path: Path) -> set[str]:
    """The packages that a module imports, wherever it does so, for types too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{named(path)}: a relative import hides its arrow"
            found.add(str(node.module).partition(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_arrow_points_the_wrong_way(path: Path) -> None:
    package = path.relative_to(HOUSE).parts[0]

    assert not imported(path) & FORBIDDEN[package]


def test_there_are_modules_to_look_at() -> None:
    assert len(OURS) > 50
    assert imported(HOUSE / "leadmoves" / "api" / "client.py") >= {"httpx", "leadmoves"}


def test_modules_are_short() -> None:
    lines = {named(path): len(path.read_text().splitlines()) for path in OURS}

    assert {name: count for name, count in lines.items() if count > MOST} == {}
    assert median(count for count in lines.values() if count) <= USUAL


def functions(path: Path) -> dict[str, int]:
    """How long each function is, its signature and docstring apart."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            found[f"{named(path)}:{node.lineno} {node.name}"] = length
    return found


def test_functions_are_short() -> None:
    lines = {name: count for path in OURS for name, count in functions(path).items()}

    assert {name: count for name, count in lines.items() if count > LONGEST} == {}
    assert sum(count > LONG for count in lines.values()) <= len(lines) / 10


def test_every_module_opens_with_what_it_is_for() -> None:
    silent = [
        named(path) for path in OURS if path.read_text() and not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert [name for name in silent if "/schema/versions/" not in name] == []


def test_the_core_runs_where_there_is_no_prefect() -> None:
    modules = [
        named(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in sorted((HOUSE / "leadmoves").rglob("*.py"))
        if "schema" not in path.parts  # run by alembic, not imported
    ]
    code = f"import sys; sys.modules['prefect'] = None\nfor name in {modules}: __import__(name)"
    code += "\nassert not {'fastapi', 'uvicorn', 'sandbox'} & sys.modules.keys()"

    done = subprocess.run([sys.executable, "-c", code], cwd=HOUSE, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
