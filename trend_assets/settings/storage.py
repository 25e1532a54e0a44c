"""Settings of the lake's storage, maintenance, retention and privacy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from trend_assets.settings.section import Section


class LakeSettings(Section):
    """Where the lake's catalog and files are."""

    catalog_url: SecretStr | None = Field(
        None,
        description="postgresql://USER:PASSWORD@HOST:PORT/DATABASE of the catalog, as libpq has it; else SQLite.",
    )
    data_path: str | None = Field(
        None, description="Folder or object storage address (s3://BUCKET/PREFIX) of the Parquet files."
    )
    s3_key_id: SecretStr | None = Field(None, description="Access key of the object storage.")
    s3_secret: SecretStr | None = Field(None, description="Secret key of the object storage.")
    s3_session_token: SecretStr | None = Field(None, description="Token that belongs to a temporary key.")
    s3_credential_chain: bool = Field(
        False, description="Take keys from where AWS's tools do: environment, profile, role of the machine or pod."
    )
    s3_endpoint: str | None = Field(None, description="Host and port of an S3-compatible storage.")
    s3_region: str | None = Field(None, description="Region of the object storage.")
    s3_url_style: Literal["path", "vhost"] | None = Field(
        None, description="`path` (HOST/BUCKET) for most S3-compatible servers; `vhost` (BUCKET.HOST), as AWS has it."
    )
    s3_use_ssl: bool | None = Field(None, description="False for a server that speaks plain HTTP.")
    s3_timeout_seconds: int = Field(
        30, ge=1, description="Seconds that a request to the object storage may take; it is tried again three times."
    )
    memory_limit: str = Field("2GB", description="DuckDB's memory limit.")
    threads: int = Field(2, ge=1, description="DuckDB's threads.")

    @field_validator("s3_endpoint")
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        if value is not None and "://" in value:
            raise ValueError("host and port without http:// or https://; for plain HTTP set s3_use_ssl: false")
        return value

    @model_validator(mode="after")
    def _whole_keys(self) -> LakeSettings:
        if (self.s3_key_id is None) != (self.s3_secret is None):
            raise ValueError("s3_key_id and s3_secret belong together: set both")
        if self.s3_session_token is not None and self.s3_key_id is None:
            raise ValueError("s3_session_token belongs to a key: set s3_key_id and s3_secret, too")
        if self.s3_credential_chain and self.s3_key_id is not None:
            raise ValueError("s3_credential_chain finds the keys by itself: leave s3_key_id and s3_secret out")
        return self


class MaintenanceSettings(Section):
    """Nightly compaction and expiry of snapshots; `trend maintain` does the same at once."""

    hour: int = Field(3, ge=0, le=23, description="UTC hour of the nightly maintenance.")
    snapshot_days: int = Field(
        7, ge=1, description="Days for which every snapshot stays readable; those of stored models stay longer."
    )


class RetentionSettings(Section):
    """Days after which each night rows are deleted; 0 keeps them for ever. Forecasts and trainings read `events`."""

    raw_events_days: int = Field(0, ge=0, description="`raw_events`, by when it happened.")
    observations_days: int = Field(0, ge=0, description="`observations`, by when it happened.")
    rejected_events_days: int = Field(0, ge=0, description="`rejected_events`, by when it was rejected.")
    events_days: int = Field(0, ge=0, description="`events`: of `training.history_days` a training needs all.")
    event_embeddings_days: int = Field(0, ge=0, description="`event_embeddings`, the cache of texts too.")
    topic_activity_days: int = Field(0, ge=0, description="`topic_activity`.")
    topic_phrases_days: int = Field(0, ge=0, description="`topic_phrases`.")
    topic_labels_days: int = Field(0, ge=0, description="`topic_labels`.")
    near_copies_days: int = Field(0, ge=0, description="`near_copies`.")
    phrase_states_days: int = Field(
        0, ge=0, description="`phrase_states`: hours before the oldest one cannot be made again as they were."
    )
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


class PrivacySettings(Section):
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
