"""Loads and validates the settings; errors name the place of a wrong value and the nearest valid name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from trend_assets.settings.errors import SettingsError
from trend_assets.settings.model import PREFIX, Settings, default_home, file_values
from trend_assets.settings.schema import Location, names_at, takes_json
from trend_assets.settings.yaml_file import SettingsFile, read_settings_file

#: Read outside this model: the file's own address, and where tests find real data.
_OTHER_VARIABLES = {"TREND_CONFIG", "TREND_SHARED_DATA"}


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
    file = read_settings_file(path) if path else None
    _refuse_wrong_variables(os.environ)
    try:
        return _settings_with(file.values if file else {})
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(error, file))) from None


def _settings_with(values: Mapping[str, Any]) -> Settings:
    token = file_values.set(values)
    try:
        return Settings()
    finally:
        file_values.reset(token)


def _explain(error: ValidationError, file: SettingsFile | None) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        location = problem["loc"]
        key = ".".join(str(part) for part in location)
        where = _place(location, file)
        if problem["type"] == "extra_forbidden":
            yield f"unknown setting {key} in {where}{_nearest(str(location[-1]), names_at(location[:-1]))}"
        else:
            quote = ": quote it where it is text" if file and problem["type"] == "string_type" else ""
            yield f"wrong value for {key} in {where}: {problem['msg'].removeprefix('Value error, ')}{quote}"


def _place(location: Location, file: SettingsFile | None) -> str:
    """Where a value comes from: the variable that holds it, or a part of it, else the file."""
    set_ = {name.upper() for name in os.environ}
    for length in range(len(location), 0, -1):
        variable = PREFIX + "__".join(str(part) for part in location[:length]).upper()
        if variable in set_:
            return f"the environment ({variable})"
    return file.place(location) if file and location[0] in file.values else "the environment"


def _nearest(name: str, valid: list[str]) -> str:
    close = difflib.get_close_matches(name.lower(), valid, n=1, cutoff=0.5)
    return f": did you mean {close[0]}?" if close else f": valid are {', '.join(valid)}"


def _refuse_wrong_variables(environment: Mapping[str, str]) -> None:
    """pydantic-settings passes over variables that fit no field, and names no variable that is not JSON."""
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable in _OTHER_VARIABLES:
            continue
        location = variable.removeprefix(PREFIX).lower().split("__")
        for depth, part in enumerate(location):
            valid = names_at(location[:depth])
            if valid and part not in valid:
                hint = _nearest(part, valid)
                raise SettingsError(f"unknown setting {'.'.join(location)} in the environment ({variable}){hint}")
        if takes_json(location) and not _is_json(environment[variable]):
            raise SettingsError(f'{variable} must be JSON, a list e.g. ["ai", "climate"]')


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
