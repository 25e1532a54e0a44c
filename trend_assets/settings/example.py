"""Settings as YAML: all defaults with comments, or the values in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from trend_assets.settings.model import Settings
from trend_assets.settings.section import Section


def example_yaml() -> str:
    """A commented YAML file with every setting at its default."""
    lines = [
        "# Settings of trend_assets. Every key may be left out; TREND_* variables override this file.",
        "",
    ]
    for name, field in Settings.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, Section):
            lines += ["", *_section(name, annotation, "")]
        elif name == "home":
            lines += [f"# {field.description}", "# home: data"]
        else:
            lines += [f"# {field.description}", _example(name, field.default)]
    return "\n".join(lines) + "\n"


def _section(name: str, section: type[Section], indent: str) -> Iterator[str]:
    yield f"{indent}# {(section.__doc__ or '').strip()}"
    yield f"{indent}{name}:"
    for key, inner in section.model_fields.items():
        if isinstance(inner.annotation, type) and issubclass(inner.annotation, Section):
            yield from _section(key, inner.annotation, f"{indent}  ")
        else:
            yield f"{indent}  # {inner.description}"
            yield f"{indent}  {_example(key, inner.get_default(call_default_factory=True))}"


def _example(key: str, value: Any) -> str:
    if value is None:
        return f"# {key}:"
    return yaml.safe_dump({key: value}, default_flow_style=None if isinstance(value, list | dict) else False).strip()


def shown(settings: Settings) -> str:
    """The effective settings as YAML, secrets hidden."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
