"""The model of all settings, and the order of their sources: code, environment, file."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from trend_assets.settings.alerting import AlertSettings, MailSettings
from trend_assets.settings.attention import AttentionSettings
from trend_assets.settings.collection import (
    ArchiveSettings,
    BlueskySettings,
    GoogleTrendsSettings,
    MastodonSettings,
    ScheduleSettings,
    SimulatorSettings,
    TwitterSettings,
    YouTubeSettings,
)
from trend_assets.settings.enrichment import EnrichmentSettings
from trend_assets.settings.forecasting import (
    DriftSettings,
    EmbeddingSettings,
    ForecastSettings,
    GraphSettings,
    LoadSettings,
    PromotionSettings,
    SensitivitySettings,
    TrainingSettings,
)
from trend_assets.settings.services import ApiSettings, DagsterSettings
from trend_assets.settings.storage import LakeSettings, MaintenanceSettings, PrivacySettings, RetentionSettings

PREFIX = "TREND_"
#: What the YAML file holds, while settings are made from it.
file_values: ContextVar[Mapping[str, Any]] = ContextVar("file_values", default=MappingProxyType({}))


def default_home() -> Path:
    """`data/` of the checkout that this package runs from, else of the working folder."""
    checkout = Path(__file__).resolve().parents[2]
    return (checkout if (checkout / "workspace.yaml").exists() else Path.cwd()) / "data"


class Settings(BaseSettings):
    """Everything that can be set; see `trend config example`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    home: Path = Field(default_factory=default_home, description="Folder of everything that a run makes.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged.")
    lake: LakeSettings = LakeSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    archive: ArchiveSettings = ArchiveSettings()
    embeddings: EmbeddingSettings = EmbeddingSettings()
    enrichment: EnrichmentSettings = EnrichmentSettings()
    graph: GraphSettings = GraphSettings()
    forecast: ForecastSettings = ForecastSettings()
    training: TrainingSettings = TrainingSettings()
    promotion: PromotionSettings = PromotionSettings()
    drift: DriftSettings = DriftSettings()
    sensitivity: SensitivitySettings = SensitivitySettings()
    load: LoadSettings = LoadSettings()
    attention: AttentionSettings = AttentionSettings()
    alerts: AlertSettings = AlertSettings()
    mail: MailSettings = MailSettings()
    twitter: TwitterSettings = TwitterSettings()
    youtube: YouTubeSettings = YouTubeSettings()
    google_trends: GoogleTrendsSettings = GoogleTrendsSettings()
    bluesky: BlueskySettings = BlueskySettings()
    mastodon: MastodonSettings = MastodonSettings()
    maintenance: MaintenanceSettings = MaintenanceSettings()
    retention: RetentionSettings = RetentionSettings()
    privacy: PrivacySettings = PrivacySettings()
    simulator: SimulatorSettings = SimulatorSettings()
    api: ApiSettings = ApiSettings()
    dagster: DagsterSettings = DagsterSettings()

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @model_validator(mode="after")
    def _alerts_look_at_what_is_forecast(self) -> Self:
        hours, further = self.alerts.topic_horizon, self.forecast.further_horizons
        if hours not in (None, self.forecast.horizon_hours) and (
            hours not in further or self.alerts.topic_label != "emerges"
        ):
            raise ValueError(
                f"alerts.topic_horizon is {hours}, so far ahead `{self.alerts.topic_label}` is not forecast: "
                "forecast.further_horizons adds horizons for `emerges`"
            )
        return self

    @property
    def alerted_label(self) -> str:
        """The stored label that alerts on topics look at."""
        return self.forecast.label(self.alerts.topic_label, self.alerts.topic_horizon)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where settings come from, the strongest first."""
        # What code says outright wins over the environment, and that over the file.
        file_settings = InitSettingsSource(settings_cls, init_kwargs=dict(file_values.get()))
        return init_settings, env_settings, file_settings

    @property
    def models_folder(self) -> Path:
        """Stored models."""
        return self.home / "models"

    @property
    def inbox(self) -> Path:
        """Files that wait to be imported."""
        return self.home / "inbox"

    @property
    def logs_folder(self) -> Path:
        """Logs of the services, and of alerts."""
        return self.home / "logs"

    @property
    def dagster_home(self) -> Path:
        """Dagster's records."""
        return self.home / "dagster"
