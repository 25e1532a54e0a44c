"""The reference pages, made from the code when the site is built, so that they cannot go stale."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages under ``reference/``, and those of the repository's root, to the site."""
    for name, lines in (
        ("commands", _commands()),
        ("settings", _settings()),
        ("tables", _tables()),
        ("assets", _assets()),
    ):
        files.append(File.generated(config, f"reference/{name}.md", content="\n".join(lines) + "\n"))
    for name in ("CHANGELOG", "SECURITY"):
        text = Path(config.docs_dir).with_name(f"{name}.md").read_text(encoding="utf-8")
        inside = text.replace("](docs/", "](").replace("](SECURITY.md)", "](security.md)")
        files.append(File.generated(config, f"{name.lower()}.md", content=inside))
    return files


def _commands() -> Iterator[str]:
    from trend_assets.cli import app

    yield "# Commands\n"
    yield "All dates are UTC. A failure is one sentence and exit status 1; `--debug` shows the traceback.\n"
    yield from _command("trend", typer.main.get_command(app), 2)


def _command(path: str, command: typer.core.TyperCommand | typer.core.TyperGroup, level: int) -> Iterator[str]:
    context = typer.Context(command, info_name=path)
    if path != "trend":
        yield f"{'#' * level} {path}\n\n```text\n{command.get_help(context).strip()}\n```\n"
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _command(f"{path} {name}", inner, level + (path != "trend"))


def _settings() -> Iterator[str]:
    from trend_assets.settings.example import example_yaml

    yield "# Settings\n"
    yield "`trend config example > trend.yaml` writes this file. `TREND_CONFIG` names it; without that, `trend.yaml` in"
    yield "`TREND_HOME` or in the working folder is read. Environment variables override it:"
    yield "`TREND_FORECAST__THRESHOLD=10`. `trend config show` prints what is in force, with secrets hidden.\n"
    yield f"```yaml\n{example_yaml()}```"


def _tables() -> Iterator[str]:
    from trend_assets.lake.tables import TABLES

    yield "# Tables\n\nEvery table of the lake. Names of tables and columns stay as they are between releases.\n"
    for table in TABLES.values():
        yield f"## {table.name}\n\n{table.meaning}\n"
        yield f"Key: {', '.join(f'`{name}`' for name in table.key)}. "
        yield f"Partition: `{table.partition}`.\n" if table.partition else "Not partitioned.\n"
        yield "| column | type | unit | meaning |\n| --- | --- | --- | --- |"
        for column in table.columns:
            meaning = column.meaning + (" May be null." if column.nullable else "")
            yield f"| `{column.name}` | {column.type} | {column.unit} | {meaning.replace('|', '/')} |"
        yield ""


def _assets() -> Iterator[str]:
    # The definitions read the settings: those of whoever builds the site must not show.
    for name in [name for name in os.environ if name.startswith("TREND_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as home:
        from trend_assets.definitions import make_definitions
        from trend_assets.names import LIVE_SOURCES
        from trend_assets.settings import Settings

        settings = Settings.model_validate({"home": home, **{name: {"enabled": True} for name in LIVE_SOURCES}})
        graph = make_definitions(settings).get_repository_def().asset_graph
        yield "# Assets\n\nWhat Dagster shows where all sources are enabled, with what each asset reads.\n"
        yield "| asset | group | reads | is |\n| --- | --- | --- | --- |"
        for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string()):
            node = graph.get(key)
            parents = ", ".join(f"`{parent.to_user_string()}`" for parent in sorted(node.parent_keys)) or "—"
            meaning = (node.description or "").replace("\n", " ").replace("|", "/")
            yield f"| `{key.to_user_string()}` | {node.group_name or ''} | {parents} | {meaning} |"
