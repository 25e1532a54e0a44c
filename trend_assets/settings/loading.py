"""Reads the settings in force; what is wrong with them is said with its place and the nearest valid name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from trend_assets.errors import TrendError
from trend_assets.settings.model import PREFIX, Settings, default_home, file_values

#: Read outside this model: the file's own address, and where tests find real data.
_OTHER_VARIABLES = {"TREND_CONFIG", "TREND_SHARED_DATA"}


class SettingsError(TrendError):
    """The settings are wrong; the message names key, place and what would be right."""


def settings_file() -> Path | None:
    """The YAML file in force, if there is one.

    Raises:
        SettingsError: `TREND_CONFIG` names a file that does not exist.
    """
    named = os.environ.get("TREND_CONFIG")
    if named:
        if not Path(named).is_file():
            raise SettingsError(f"TREND_CONFIG names {named}, which is not a file")
        return Path(named)
    home = Path(os.environ.get("TREND_HOME") or default_home())
    candidates = (home / "trend.yaml", Path("trend.yaml"))
    return next((path for path in candidates if path.is_file()), None)


def load_settings() -> Settings:
    """The settings in force.

    Raises:
        SettingsError: an unknown key, a wrong type or value, or a file that is not YAML; the message
            names the key, where it stands, and the nearest valid name.
    """
    path = settings_file()
    values = _read_yaml(path) if path else {}
    _refuse_unknown_variables(os.environ)
    try:
        return _settings_with(values)
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(error, path, values))) from None


def _settings_with(values: Mapping[str, Any]) -> Settings:
    token = file_values.set(values)
    try:
        return Settings()
    finally:
        file_values.reset(token)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{path} must hold keys and values, not {type(values).__name__}")
    return values


def _explain(error: ValidationError, path: Path | None, values: Mapping[str, Any]) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        location = [str(part) for part in problem["loc"]]
        key = ".".join(location)
        where = _place(location, path, values)
        if problem["type"] == "extra_forbidden":
            yield f"unknown setting {key} in {where}{_nearest(location[-1], _names(location[:-1]))}"
        else:
            yield f"wrong value for {key} in {where}: {problem['msg']}"


def _place(location: list[str], path: Path | None, values: Mapping[str, Any]) -> str:
    variable = PREFIX + "__".join(location).upper()
    if variable in {name.upper() for name in os.environ}:
        return f"the environment ({variable})"
    return str(path) if path and location[0] in values else "the environment"


def _names(location: list[str]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in location:
        annotation = model.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def _nearest(name: str, valid: list[str]) -> str:
    close = difflib.get_close_matches(name.lower(), valid, n=1, cutoff=0.5)
    return f": did you mean {close[0]}?" if close else f": valid are {', '.join(valid)}"


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """pydantic-settings passes over variables that fit no field, and a typo would be lost."""
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable in _OTHER_VARIABLES:
            continue
        location = variable.removeprefix(PREFIX).lower().split("__")
        for depth, part in enumerate(location):
            valid = _names(location[:depth])
            if valid and part not in valid:
                hint = _nearest(part, valid)
                raise SettingsError(f"unknown setting {'.'.join(location)} in the environment ({variable}){hint}")
