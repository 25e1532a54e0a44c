"""Objects of known classes as JSON values and arrays in files, and back; nothing that is read is ever executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trend_assets.graph.array_files import ArrayFiles, DamagedArrays
from trend_assets.graph.growing import GrowingArray, SortedRuns, SummedRuns

_SEPARATOR = "\0"


class SavedObjects:
    """Takes objects apart and puts them together.

    An object's fields are those of `__getstate__`, and are given to `__setstate__` where its class has that. They are
    numbers, texts, None, arrays, runs, lists of texts (without NUL, which only grow), objects of known classes, and
    mappings and tuples of these.

    Args:
        files: where the arrays are.
        classes: that are known.
    """

    def __init__(self, files: ArrayFiles, *classes: type) -> None:
        self._files = files
        self._classes = {known.__name__: known for known in classes}

    def save(self, key: str, value: Any) -> dict[str, Any]:
        """JSON values from which `load` makes the same, and files beside them.

        Args:
            key: of the object among all that are saved; the same each time.
            value: the object.

        Raises:
            TypeError: of an unknown class.
        """
        match value:
            case None | bool() | int() | str():
                return {"value": value}
            case float() | np.integer() | np.floating():
                return {"value": value.item() if isinstance(value, np.generic) else value}
            case GrowingArray():
                self._files.grow(key, value)
                return {"growing": key}
            case np.ndarray():
                self._files.keep(key, value)
                return {"array": key}
            case SortedRuns() | SummedRuns():
                return {type(value).__name__: self._each(key, dict(enumerate(value.runs)))}
            case list():
                text = "".join(f"{name}{_SEPARATOR}" for name in value).encode("utf-8", "surrogatepass")
                self._files.grow(key, GrowingArray(np.frombuffer(text, np.uint8)))
                return {"names": key}
            case tuple():
                return {"tuple": self._each(key, dict(enumerate(value)))}
            case Mapping():
                return {"mapping": self._each(key, value)}
        if type(value) not in self._classes.values():
            raise TypeError(f"{key}: a {type(value).__name__} cannot be saved")
        return {type(value).__name__: self._each(key, value.__getstate__())}

    def _each(self, key: str, values: Mapping[Any, Any]) -> dict[str, Any]:
        return {str(name): self.save(f"{key}.{name}", value) for name, value in values.items()}

    def load(self, saved: Mapping[str, Any]) -> Any:
        """What `save` was given.

        Raises:
            DamagedArrays: not what `save` gives, or of a class that is not known here.
        """
        try:
            ((kind, content),) = saved.items()
            return self._made(kind, content)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DamagedArrays(str(error)) from None

    def _made(self, kind: str, content: Any) -> Any:
        match kind:
            case "value":
                return content
            case "growing":
                return self._files.growing(content)
            case "array":
                return self._files.fixed(content)
            case "names":
                text = self._files.fixed(content).tobytes().decode("utf-8", "surrogatepass")
                return text.split(_SEPARATOR)[:-1]
        fields = {name: self.load(item) for name, item in content.items()}
        match kind:
            case "SortedRuns":
                return SortedRuns(tuple(fields.values()))
            case "SummedRuns":
                return SummedRuns(tuple(fields.values()))
            case "tuple":
                return tuple(fields.values())
            case "mapping":
                return fields
        made: Any = object.__new__(self._classes[kind])
        if hasattr(made, "__setstate__"):
            made.__setstate__(fields)
        else:
            vars(made).update(fields)
        return made
