"""What a stream is: its files and columns, the days that are walked, and what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from trend_assets.settings import ForecastSettings

TABLE = Path(__file__).with_name("streams.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class File(_Part):
    """Files of one form.

    Attributes:
        path: a pattern, relative to the folder of the data, or absolute.
        columns: as `trend import --columns` has it; none where the form is recognised.
        only: of a table, column to the values of the rows that are taken; an empty cell is "".
    """

    path: str
    columns: str | None = None
    only: Mapping[str, Sequence[str]] = Field(default_factory=dict)


class Stream(_Part):
    """A stream, as `streams.yaml` or `--declare FILE` has it.

    Attributes:
        test: the first day that is walked, and where the walk ends, exclusive; all before may be fitted on.
        labels: those that are reported.
        horizon_hours, threshold, min_growth: as in the settings of forecasts.
    """

    name: str
    files: tuple[File, ...]
    test: tuple[date, date]
    labels: tuple[Literal["bursts", "breaks_out", "emerges"], ...] = ("bursts", "breaks_out", "emerges")
    horizon_hours: int = 24
    threshold: int = 8
    min_growth: int = 4

    @property
    def start(self) -> datetime:
        """The first moment that is walked."""
        return datetime.combine(self.test[0], time(), UTC)

    @property
    def end(self) -> datetime:
        """Where the walk ends, exclusive."""
        return datetime.combine(self.test[1], time(), UTC)

    @property
    def forecast(self) -> ForecastSettings:
        """What is asked at a cut."""
        return ForecastSettings(
            horizon_hours=self.horizon_hours,
            further_horizons={},
            threshold=self.threshold,
            min_growth=self.min_growth,
        )


def declared(path: Path = TABLE) -> list[Stream]:
    """The streams of a file, YAML or JSON: one, or a list.

    Raises:
        pydantic.ValidationError: it declares something else.
    """
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    return TypeAdapter(list[Stream]).validate_python(told if isinstance(told, list) else [told])
