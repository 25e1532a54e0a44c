"""The walls of the design, read from the imports of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "trend_assets"

#: Stages that are plain Python over frames and tensors, in the order of the flow.
STAGES = ("sources", "enrichment", "graph", "tgn", "forecasting", "simulator")
MAY_IMPORT = {
    "sources": {"sources"},
    "enrichment": {"enrichment", "sources"},
    "graph": {"graph", "sources"},
    "tgn": {"tgn", "graph", "forecasting"},
    "forecasting": {"forecasting", "graph"},
    "simulator": {"simulator", "sources"},
}
#: Of the API. The dashboard (`page`) speaks to it by HTTP.
API_MAY_IMPORT = {
    "reading": set(),
    "pipeline": set(),
    "models": {"reading"},
    "routes": {"models", "reading", "pipeline"},
    "serving": {"routes", "models", "reading", "pipeline"},
}
#: How right a forecast was is computed in one place, also for the API; it stands on nothing but numpy and polars.
MEASURES = ("trend_assets.forecasting.accuracy", "trend_assets.forecasting.metrics")
#: What all parts may import, and what imports none of them.
BOTTOM = ("errors", "links", "names", "periods", "topic_names", "words")


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where things come from"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_or_under(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def names(path: Path) -> set[str]:
    return set(imports(path))


def test_dagster_is_imported_only_where_the_design_allows() -> None:
    allowed = {PACKAGE / "definitions.py", PACKAGE / "launch.py", PACKAGE / "lake" / "io_manager.py"}
    offenders = [
        str(path.relative_to(REPOSITORY))
        for path in [*modules(PACKAGE), *modules(REPOSITORY / "api")]
        if path not in allowed
        and path.parent.name not in {"assets", "automation"}
        and any(is_or_under(name, "dagster") or is_or_under(name, "dagster_duckdb") for name in names(path))
    ]
    assert offenders == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_only_earlier_stages_and_the_declarations(stage: str) -> None:
    for path in modules(PACKAGE / stage):
        for name in names(path):
            if not is_or_under(name, "trend_assets"):
                continue
            part = [*name.split("."), ""][1]
            if part == "lake":
                assert is_or_under(name, "trend_assets.lake.tables") or name == "trend_assets.lake", (
                    path,
                    name,
                )
            else:
                assert part in MAY_IMPORT[stage] | {"", "__version__", *BOTTOM}, (path, name)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_no_environment_and_opens_no_database(stage: str) -> None:
    for path in modules(PACKAGE / stage):
        assert not names(path) & {"duckdb", "sqlite3", "trend_assets.settings"}, path
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and node.attr == "getenv":
                pytest.fail(f"{path} reads the environment")


@pytest.mark.parametrize("module", BOTTOM)
def test_what_all_may_import_imports_no_part(module: str) -> None:
    assert not [name for name in names(PACKAGE / f"{module}.py") if is_or_under(name, "trend_assets")]


def test_measures_stand_on_nothing_else_of_the_product() -> None:
    for module in MEASURES:
        path = REPOSITORY / f"{module.replace('.', '/')}.py"
        assert not [name for name in names(path) if is_or_under(name, "trend_assets") and not name.startswith(MEASURES)]


def test_the_api_imports_lake_settings_and_measures_only() -> None:
    allowed = (
        "trend_assets.lake",
        "trend_assets.settings",
        *(f"trend_assets.{name}" for name in BOTTOM),
        *MEASURES,
        # What people search for is embedded by the same text model as posts.
        "trend_assets.enrichment.embedder",
        "trend_assets.__version__",
    )
    for path in modules(REPOSITORY / "api"):
        for name in names(path):
            if is_or_under(name, "trend_assets") and name != "trend_assets":
                assert any(is_or_under(name, ok) for ok in allowed), (path, name)


@pytest.mark.parametrize("part", API_MAY_IMPORT)
def test_the_api_flows_one_way(part: str) -> None:
    for path in modules(REPOSITORY / "api" / part):
        for name in names(path):
            if is_or_under(name, "api"):
                assert name.split(".")[1] in {part, *API_MAY_IMPORT[part]}, (path, name)


def test_alerts_stand_on_the_lake_and_the_settings_alone() -> None:
    allowed = (
        "trend_assets.alerting",
        "trend_assets.lake",
        "trend_assets.settings",
        *(f"trend_assets.{name}" for name in BOTTOM),
    )
    for path in modules(PACKAGE / "alerting"):
        for name in names(path):
            if is_or_under(name, "trend_assets") and name not in {"trend_assets", "trend_assets.__version__"}:
                assert any(is_or_under(name, ok) for ok in allowed), (path, name)


def test_the_api_never_writes() -> None:
    for path in modules(REPOSITORY / "api"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"write", "transaction"}, (path, node.attr)


def test_modules_form_no_circle() -> None:
    graph = {}
    for path in [*modules(PACKAGE), *modules(REPOSITORY / "api")]:
        module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
        graph[module] = names_at_import(path)
    visited: dict[str, int] = {}

    def visit(module: str, trail: tuple[str, ...]) -> None:
        if visited.get(module) == 2:
            return
        assert visited.get(module) != 1, f"circle: {' -> '.join((*trail, module))}"
        visited[module] = 1
        for name in sorted(graph[module]):
            if name in graph and name != module:
                visit(name, (*trail, module))
        visited[module] = 2

    for module in graph:
        visit(module, ())


def names_at_import(path: Path) -> set[str]:
    """What is imported when the module is, without what functions import later."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def test_asset_functions_are_short() -> None:
    for path in modules(PACKAGE / "assets"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(part, ast.Call) and getattr(part.func, "attr", "") in {"asset", "multi_asset"}
                for part in node.decorator_list
            ):
                length = (node.end_lineno or 0) - node.lineno
                assert length <= 35, f"{path}: {node.name} has {length} lines"
