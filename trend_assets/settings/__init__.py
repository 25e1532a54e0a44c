"""All settings: a YAML file, overridden by `TREND_*` environment variables.

`TREND_CONFIG` names the file (else `trend.yaml` in `TREND_HOME` or in the working folder, the first
that there is); `TREND_HOME` names the folder of everything that a run makes. Nested settings take two
underscores in the environment: `TREND_FORECAST__THRESHOLD=10`.
"""

from trend_assets.settings.alerting import AlertRule, AlertSettings, MailSettings, ServiceSettings, WebhookSettings
from trend_assets.settings.collection import ScheduleSettings, SimulatorSettings, TwitterSettings, YouTubeSettings
from trend_assets.settings.errors import SettingsError
from trend_assets.settings.example import example_yaml, shown
from trend_assets.settings.forecasting import EmbeddingSettings, ForecastSettings
from trend_assets.settings.loading import load_settings, settings_file
from trend_assets.settings.model import Settings
from trend_assets.settings.services import ApiKey, ApiSettings, DagsterSettings
from trend_assets.settings.sources import enabled_sources, live_sources
from trend_assets.settings.storage import LakeSettings, RetentionSettings

__all__ = [
    "AlertRule",
    "AlertSettings",
    "ApiKey",
    "ApiSettings",
    "DagsterSettings",
    "EmbeddingSettings",
    "ForecastSettings",
    "LakeSettings",
    "MailSettings",
    "RetentionSettings",
    "ScheduleSettings",
    "ServiceSettings",
    "Settings",
    "SettingsError",
    "SimulatorSettings",
    "TwitterSettings",
    "WebhookSettings",
    "YouTubeSettings",
    "enabled_sources",
    "example_yaml",
    "live_sources",
    "load_settings",
    "settings_file",
    "shown",
]
