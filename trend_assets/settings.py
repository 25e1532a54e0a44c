"""All settings: a YAML file, overridden by `TREND_*` environment variables.

`TREND_CONFIG` names the file (else `trend.yaml` in `TREND_HOME` or in the working folder, the first
that there is); `TREND_HOME` names the folder of everything that a run makes. Nested settings take two
underscores in the environment: `TREND_FORECAST__THRESHOLD=10`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from trend_assets.errors import TrendError

_PREFIX = "TREND_"
#: Read outside this model: the file's own address, and where tests find real data.
_OTHER_VARIABLES = {"TREND_CONFIG", "TREND_SHARED_DATA"}


#: What the YAML file holds, while settings are made from it.
_file_values: ContextVar[Mapping[str, Any]] = ContextVar("file_values", default=MappingProxyType({}))


class SettingsError(TrendError):
    """The settings are wrong; the message names key, place and what would be right."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LakeSettings(_Section):
    """Where the lake's catalog and files are."""

    catalog_url: SecretStr | None = Field(
        None, description="postgresql://USER:PASSWORD@HOST:PORT/DATABASE of the catalog; SQLite where absent."
    )
    data_path: str | None = Field(
        None, description="Folder or object storage address (s3://BUCKET/PREFIX) of the Parquet files."
    )
    s3_key_id: SecretStr | None = Field(None, description="Access key of the object storage.")
    s3_secret: SecretStr | None = Field(None, description="Secret key of the object storage.")
    s3_endpoint: str | None = Field(None, description="Host and port of an S3-compatible storage.")
    s3_region: str | None = Field(None, description="Region of the object storage.")
    memory_limit: str = Field("2GB", description="DuckDB's memory limit.")
    threads: int = Field(2, ge=1, description="DuckDB's threads.")


class ScheduleSettings(_Section):
    """When the pipeline runs."""

    enabled: bool = Field(False, description="Start the schedules with the daemon; else switch them on in the UI.")
    minute: int = Field(10, ge=0, le=59, description="Minute of each hour at which the last hour is collected.")
    recollect_hours: int = Field(
        2, ge=0, le=48, description="Hours before the last one that are collected again, for late posts."
    )
    late_pass: bool = Field(True, description="Collect each hour once more a day later: counts that changed.")
    late_hours: int = Field(24, ge=3, le=168, description="Hours after which the late pass comes.")
    catch_up_hours: int = Field(
        48, ge=0, le=168, description="How far back missed hours are fetched after a downtime; older ones are given up."
    )
    training_weekday: int = Field(0, ge=0, le=6, description="Day of the weekly training, 0 is Monday.")
    training_hour: int = Field(1, ge=0, le=23, description="UTC hour of the weekly training.")
    history_start: str = Field("2014-01-01", description="The first day that has partitions (UTC).")


class ArchiveSettings(_Section):
    """How files of posts are read."""

    columns: dict[str, str] = Field(
        default_factory=dict, description="Event field to column name, for CSV, Parquet and JSON lines."
    )


class EmbeddingSettings(_Section):
    """The text model."""

    model: str = Field("all-MiniLM-L6-v2", description="A sentence-transformers model.")
    batch_size: int = Field(64, ge=1, description="Texts a batch.")
    device: str = Field("cpu", description="cpu, or cuda where there is one.")


class ForecastSettings(_Section):
    """What is forecast: the labels' definitions."""

    window_hours: int = Field(24, ge=1, description="Hours before the cut in which a topic must be mentioned.")
    horizon_hours: int = Field(24, ge=1, description="Hours after the cut that are forecast.")
    threshold: int = Field(8, ge=1, description="Mentions in the horizon that count as risen.")
    min_growth: int = Field(4, ge=0, description="`emerges`: mentions more than in the horizon before the cut.")
    min_support: int = Field(1, ge=1, description="Mentions in the window that make a topic a candidate.")
    burst_ratio: float = Field(2.0, gt=0, description="`bursts`: times what is usual for the topic.")


class TrainingSettings(_Section):
    """How the TGN is trained."""

    history_days: int = Field(365, ge=7, description="Days of cuts that the heads are fitted on.")
    min_events: int = Field(500, ge=1, description="Events below which there is nothing to train on.")
    seed: int = Field(0, ge=0, description="Seed of all chance in training.")
    processes: int = Field(
        1, ge=1, le=64, description="Processes that train the network, each on a stretch of time of its own."
    )
    epochs: int = Field(2, ge=1, description="Passes of link prediction over the history.")


class PromotionSettings(_Section):
    """When a trained model takes the place of the one in use."""

    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence of the interval of its lead.")
    min_cuts: int = Field(10, ge=1, description="Held-out cuts, over all labels, that a comparison needs.")


class QuerySettings(_Section):
    """One search on X."""

    text: str = Field(description="In X's search language.")
    priority: int = Field(1, ge=1, description="1 gets twice the posts of 2.")


class TwitterSettings(_Section):
    """X, API v2: collected where enabled. The key belongs into the environment."""

    enabled: bool = Field(False, description="Collect from X.")
    bearer_token: SecretStr | None = Field(None, description="Bearer token of an app with access to the search.")
    queries: list[QuerySettings] = Field(
        default_factory=list, description="What to search for, e.g. [{text: '#ai lang:en', priority: 1}]."
    )
    full_archive: bool = Field(False, description="Search all posts, not the last 7 days; your access must allow it.")
    monthly_posts: int | None = Field(10_000, ge=10, description="Posts that may be received in a calendar month.")
    base_url: str = Field("https://api.twitter.com", description="Where the API is (`trend simulate --port`).")


class YouTubeSettings(_Section):
    """YouTube, Data API v3: collected where enabled. The key belongs into the environment."""

    enabled: bool = Field(False, description="Collect from YouTube.")
    api_key: SecretStr | None = Field(None, description="Key of a Google Cloud project with the YouTube Data API.")
    regions: list[str] = Field(default_factory=lambda: ["US"], description="Countries whose charts are read.")
    queries: list[str] = Field(default_factory=list, description="Searched for among new videos; 100 units a page.")
    search_pages: int = Field(2, ge=1, le=10, description="Pages of 50 videos that a query may take in an hour.")
    daily_units: int | None = Field(10_000, ge=1, description="Quota units that may be spent in a Pacific day.")
    base_url: str = Field("https://youtube.googleapis.com", description="Where the API is.")


class GoogleTrendsSettings(_Section):
    """Google Trends: collected where enabled; it takes no key and promises nothing."""

    enabled: bool = Field(False, description="Collect from Google Trends.")
    regions: list[str] = Field(default_factory=lambda: ["US"], description="Countries whose feeds of trends are read.")
    terms: list[str] = Field(default_factory=list, description="Terms that are followed; the first is the anchor.")
    related: bool = Field(False, description="Ask which searches rise with each term, too.")
    base_url: str = Field("https://trends.google.com", description="Where it is.")


class BlueskySettings(_Section):
    """Bluesky's public search: collected where enabled; it takes no key."""

    enabled: bool = Field(False, description="Collect from Bluesky.")
    tags: list[str] = Field(
        default_factory=lambda: ["news", "music", "gaming", "tech", "politics", "sports", "film", "art"],
        description="Hashtags whose posts are collected, without the sign.",
    )
    queries: list[str] = Field(default_factory=list, description="Searched for, in the search's own language.")
    requests: int | None = Field(500, ge=1, description="Requests of one run at most; the next one goes on.")
    base_url: str = Field("https://api.bsky.app", description="Where the search is.")


class MastodonSettings(_Section):
    """Mastodon's public timelines and trending tags: collected where enabled; they take no key."""

    enabled: bool = Field(False, description="Collect from Mastodon.")
    instances: list[str] = Field(
        default_factory=lambda: ["https://mastodon.social"], description="Addresses of the servers that are asked."
    )
    public: bool = Field(True, description="All public posts that the servers know; some show them to users only.")
    tags: list[str] = Field(default_factory=list, description="Hashtags whose timelines are read, without the sign.")
    trends: bool = Field(True, description="The tags that trend, each hour.")
    requests: int | None = Field(300, ge=1, description="Requests of one run at most; the next one goes on.")


class DriftSettings(_Section):
    """When the model in use asks for an early training."""

    drop: float = Field(0.1, gt=0, description="NDCG@10 that live forecasts may lose against the weeks held out.")
    psi: float = Field(0.25, gt=0, description="Population stability index of the mentions a day.")
    weeks: int = Field(2, ge=1, description="Last weeks of forecasts that are looked at.")
    retrain_days: int = Field(2, ge=1, description="Days between trainings that drift asks for.")


class SensitivitySettings(_Section):
    """Which topics get an alert (`topic_rising`)."""

    alerts_a_day: float = Field(10.0, gt=0, description="Alerts a day that the threshold keeps to.")
    start: float = Field(0.5, gt=0, lt=1, description="The threshold's first value, a confidence.")


AlertRule = Literal[
    "topic_rising",
    "topic_confident",
    "watch_list",
    "source_late",
    "key_refused",
    "run_failed",
    "import_failed",
    "training_failed",
    "model_not_promoted",
    "model_refused",
    "drift",
    "disk_low",
]


class WebhookSettings(_Section):
    """One webhook."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$", description="How the history calls it.")
    url: SecretStr = Field(description="Its address; Slack's and Discord's are secrets.")
    format: Literal["json", "slack", "discord"] = Field("json", description="How the message is written.")
    secret: SecretStr | None = Field(None, description="Signs each message with HMAC-SHA256.")

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(value.get_secret_value())
            good = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good:
            # Without the address: it may be a secret.
            raise ValueError("the address must look like https://HOST/PATH")
        return value


class AlertSettings(_Section):
    """What is told, when, and to which webhooks; e-mail is under `mail`."""

    muted: list[AlertRule] = Field(default_factory=list, description="Rules that raise nothing, e.g. [topic_rising].")
    topic_confidence: float | None = Field(
        None, gt=0, le=1, description="`topic_confident`: told of from this confidence on; off where absent."
    )
    topic_label: Literal["bursts", "breaks_out", "emerges"] = Field("bursts", description="The label it looks at.")
    watch_list: list[str] = Field(default_factory=list, description="`watch_list`: topics, e.g. ['$tsla', '#ai'].")
    watch_rank: int = Field(10, ge=1, description="`watch_list`: told of among so many likeliest topics.")
    source_late_hours: int = Field(3, ge=1, description="`source_late`: hours without a collected one.")
    disk_low_gb: float = Field(2.0, ge=0, description="`disk_low`: free space (GB) below which it is told.")
    repeat_hours: float = Field(24.0, gt=0, description="Hours until the same is told again.")
    quiet_hours: str = Field(
        "",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$",
        description="Only what is critical is told then, the rest in one message afterwards, e.g. 22:00-07:00.",
    )
    timezone: str = Field("UTC", description="Time zone of the quiet hours, e.g. Europe/Berlin.")
    timeout_seconds: float = Field(8.0, gt=0, le=15, description="How long a server may take to answer.")
    webhooks: list[WebhookSettings] = Field(
        default_factory=list, description="Each with name, url, format (json, slack, discord) and secret."
    )

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"there is no time zone {value!r}: write it like Europe/Berlin") from None
        return value

    @field_validator("webhooks")
    @classmethod
    def _named_once(cls, value: list[WebhookSettings]) -> list[WebhookSettings]:
        if len({webhook.name for webhook in value}) < len(value):
            raise ValueError("two webhooks have the same name")
        return value


class MailSettings(_Section):
    """The mail server for alerts; none where `host` is empty. The password belongs into the environment."""

    host: str = Field("", description="The server's name.")
    port: int = Field(587, ge=1, le=65535, description="587 for starttls, 465 for tls.")
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection is protected.")
    username: str | None = Field(None, description="Login, where the server wants one.")
    password: SecretStr | None = Field(None, description="Its password.")
    sender: str = Field("", description="Address that the mail comes from.")
    recipients: list[str] = Field(default_factory=list, description="Addresses that it goes to.")

    @model_validator(mode="after")
    def _is_whole(self) -> MailSettings:
        if not self.host:
            return self
        wrong = [text for text in (self.sender, *self.recipients) if not re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+", text)]
        if wrong or not self.recipients:
            told = f"{wrong[0]!r} is no address" if wrong else "there is no recipient"
            raise ValueError(f"{told}: mail.host needs mail.sender and mail.recipients, each like name@example.org")
        if self.security == "none" and self.password is not None:
            raise ValueError("a password is never sent unprotected: set mail.security to starttls or tls")
        return self


class MaintenanceSettings(_Section):
    """How the lake is kept small: each night, and by `trend maintain`."""

    hour: int = Field(3, ge=0, le=23, description="UTC hour of the nightly maintenance.")
    snapshot_days: int = Field(
        7, ge=1, description="Days for which every snapshot stays readable; those of stored models stay longer."
    )


class RetentionSettings(_Section):
    """Days after which rows are deleted, each night; 0 keeps them for ever. Forecasts and trainings read `events`."""

    raw_events_days: int = Field(0, ge=0, description="`raw_events`, by when it happened.")
    observations_days: int = Field(0, ge=0, description="`observations`, by when it happened.")
    rejected_events_days: int = Field(0, ge=0, description="`rejected_events`, by when it was rejected.")
    events_days: int = Field(0, ge=0, description="`events`: of `training.history_days` a training needs all.")
    event_embeddings_days: int = Field(0, ge=0, description="`event_embeddings`, the cache of texts too.")
    topic_activity_days: int = Field(0, ge=0, description="`topic_activity`.")
    temporal_edges_days: int = Field(0, ge=0, description="`temporal_edges`, and `nodes` without an edge.")
    predictions_days: int = Field(0, ge=0, description="`predictions`.")
    prediction_outcomes_days: int = Field(0, ge=0, description="`prediction_outcomes`.")
    collection_status_days: int = Field(0, ge=0, description="`collection_status`.")
    collection_attempts_days: int = Field(
        0, ge=0, description="`collection_attempts`, at least 32: budgets count a month."
    )
    alerts_days: int = Field(0, ge=0, description="`alerts`.")
    imported_files_days: int = Field(0, ge=0, description="Files in the inbox's done/ folder.")

    @field_validator("collection_attempts_days")
    @classmethod
    def _a_month(cls, value: int) -> int:
        if 0 < value < 32:
            raise ValueError("the budgets count the attempts of a month: keep them for 32 days or more")
        return value


class PrivacySettings(_Section):
    """What is kept of who wrote something. The key belongs into the environment."""

    hash_user_ids: bool = Field(False, description="Keep user ids and screen names as keyed hashes only.")
    hash_key: SecretStr | None = Field(
        None, description="Secret of at least 16 characters behind the hashes; keep it, or users become others."
    )

    @model_validator(mode="after")
    def _has_key(self) -> PrivacySettings:
        length = len(self.hash_key.get_secret_value()) if self.hash_key else 0
        if self.hash_key is not None and length < 16:
            raise ValueError("hash_key must have at least 16 characters")
        if self.hash_user_ids and not length:
            raise ValueError("hash_user_ids needs hash_key: set TREND_PRIVACY__HASH_KEY to 16 or more characters")
        return self


class SimulatorSettings(_Section):
    """The simulated world: for the demo and for trying things; it says so wherever it is shown."""

    enabled: bool = Field(False, description="Collect from the simulated world.")
    seed: int = Field(7, ge=0, description="The world's seed.")
    start: str = Field("2026-01-05", description="The day on which the world begins (UTC).")
    users: int = Field(600, ge=10, description="People in the world.")


class ApiKey(_Section):
    """Who may ask the API for what; the key itself is kept nowhere."""

    name: str = Field(description="Whose key it is.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the key, in hex: `trend api-key NAME`.")
    scopes: list[Literal["read", "operate"]] = Field(["read"], description="`read`, and `operate` to start runs.")


class ApiSettings(_Section):
    """The read API."""

    host: str = Field("127.0.0.1", description="Address it listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port it listens on.")
    keys: list[ApiKey] = Field(
        default_factory=list, description="Keys (name, sha256, scopes); `trend api-key NAME` makes one."
    )
    open_reads: bool = Field(True, description="Reading needs no key; starting runs always does.")
    cors_origins: list[str] = Field(default_factory=list, description="Origins whose pages may read the API.")
    requests_per_minute: int = Field(30_000, ge=1, description="Requests a minute of one key or address.")
    query_seconds: float = Field(10, gt=0, description="Longest time of one query of the lake.")
    memory_limit: str = Field("1GB", description="DuckDB's memory limit in the API.")
    max_days: int = Field(400, ge=1, description="Longest span of time that one request may ask for.")


class DashboardSettings(_Section):
    """The dashboard; it speaks to the API alone."""

    host: str = Field("127.0.0.1", description="Address it listens on.")
    port: int = Field(8501, ge=1, le=65535, description="Port it listens on.")
    api_key: SecretStr | None = Field(None, description="Its key, where the API's reads need one.")


class DagsterSettings(_Section):
    """The Dagster webserver."""

    host: str = Field("127.0.0.1", description="Address it listens on.")
    port: int = Field(3000, ge=1, le=65535, description="Port it listens on.")


def _default_home() -> Path:
    """`data/` of the checkout that this package runs from, else of the working folder."""
    checkout = Path(__file__).resolve().parents[1]
    return (checkout if (checkout / "workspace.yaml").exists() else Path.cwd()) / "data"


class Settings(BaseSettings):
    """Everything that can be set; see `trend config example`."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    home: Path = Field(default_factory=_default_home, description="Folder of everything that a run makes.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged.")
    lake: LakeSettings = LakeSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    archive: ArchiveSettings = ArchiveSettings()
    embeddings: EmbeddingSettings = EmbeddingSettings()
    forecast: ForecastSettings = ForecastSettings()
    training: TrainingSettings = TrainingSettings()
    promotion: PromotionSettings = PromotionSettings()
    drift: DriftSettings = DriftSettings()
    sensitivity: SensitivitySettings = SensitivitySettings()
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
    dashboard: DashboardSettings = DashboardSettings()
    dagster: DagsterSettings = DagsterSettings()

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # What code says outright wins over the environment, and that over the file.
        file_settings = InitSettingsSource(settings_cls, init_kwargs=dict(_file_values.get()))
        return init_settings, env_settings, file_settings

    @property
    def models_folder(self) -> Path:
        return self.home / "models"

    @property
    def inbox(self) -> Path:
        return self.home / "inbox"

    @property
    def logs_folder(self) -> Path:
        return self.home / "logs"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"


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
    home = Path(os.environ.get("TREND_HOME") or _default_home())
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
    token = _file_values.set(values)
    try:
        return Settings()
    finally:
        _file_values.reset(token)


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
    variable = _PREFIX + "__".join(location).upper()
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
        if not variable.startswith(_PREFIX) or variable in _OTHER_VARIABLES:
            continue
        location = variable.removeprefix(_PREFIX).lower().split("__")
        for depth, part in enumerate(location):
            valid = _names(location[:depth])
            if valid and part not in valid:
                hint = _nearest(part, valid)
                raise SettingsError(f"unknown setting {'.'.join(location)} in the environment ({variable}){hint}")


def example_yaml() -> str:
    """A commented YAML file with every setting at its default."""
    lines = [
        "# Settings of trend_assets. Every key may be left out; TREND_* variables override this file.",
        "",
    ]
    for name, field in Settings.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, _Section):
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
