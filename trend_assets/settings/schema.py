"""Looks up valid names and types in the settings' model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr

from trend_assets.settings.model import Settings

#: Keys and positions in lists, from the top of the settings.
Location = Sequence[str | int]


def names_at(location: Location) -> list[str]:
    """The settings of a section, in order; none where there is no section."""
    found = _expected(location)
    return list(found.model_fields) if _is_model(found) else []


def takes_text(location: Location) -> bool:
    """Whether text, or a list of texts, is expected there."""
    return _is_of(location, str | SecretStr | Path)


def is_secret(location: Location) -> bool:
    """Whether what stands there must not be shown."""
    return _is_of(location, SecretStr)


def takes_json(location: Location) -> bool:
    """Whether a list, a mapping or a whole section is expected there, which the environment holds as JSON."""
    found = _expected(location)
    return get_origin(found) in {list, dict} or _is_model(found)


def _expected(location: Location) -> Any:
    """The annotation without `| None`; None where the model has no such place."""
    found: Any = Settings
    for part in location:
        if _is_model(found) and part in found.model_fields:
            found = found.model_fields[part].annotation
        elif get_origin(found) in {list, dict}:
            found = get_args(found)[-1]
        else:
            return None
        options = [option for option in get_args(found) if option is not NoneType]
        found = options[0] if NoneType in get_args(found) else found
    return found


def _is_of(location: Location, kind: type | UnionType) -> bool:
    found = _expected(location)
    if get_origin(found) is list:
        found = get_args(found)[0]
    found = getattr(found, "__origin__", found)
    return isinstance(found, type) and issubclass(found, kind)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
