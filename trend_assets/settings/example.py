"""The settings as YAML: every default with a comment, and those in force."""

from __future__ import annotations

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
            lines += ["", f"# {(annotation.__doc__ or '').strip()}", f"{name}:"]
            for key, inner in annotation.model_fields.items():
                lines += [
                    f"  # {inner.description}",
                    f"  {_example(key, inner.get_default(call_default_factory=True))}",
                ]
        elif name == "home":
            lines += [f"# {field.description}", "# home: data"]
        else:
            lines += [f"# {field.description}", _example(name, field.default)]
    return "\n".join(lines) + "\n"


def _example(key: str, value: Any) -> str:
    if value is None:
        return f"# {key}:"
    return yaml.safe_dump({key: value}, default_flow_style=None if isinstance(value, list) else False).strip()


def shown(settings: Settings) -> str:
    """The effective settings as YAML, secrets hidden."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
