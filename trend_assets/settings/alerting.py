"""Settings of alert rules, webhooks, services and mail."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator

from trend_assets.settings.forecasting import Hours
from trend_assets.settings.section import Section

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


class WebhookSettings(Section):
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


class ServiceSettings(Section):
    """One service that Apprise knows."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$", description="How the history calls it.")
    url: SecretStr = Field(description="Its address as Apprise writes it, e.g. tgram://TOKEN/CHAT; it is a secret.")

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[a-z0-9]+://\S+", value.get_secret_value()):
            # Without the address: it is a secret.
            raise ValueError("the address must look like SERVICE://…, as https://appriseit.com/services/ has it")
        return value


class AlertSettings(Section):
    """What is told, when, and to which webhooks and services; e-mail is under `mail`."""

    muted: list[AlertRule] = Field(default_factory=list, description="Rules that raise nothing, e.g. [topic_rising].")
    topic_confidence: float | None = Field(
        None, gt=0, le=1, description="`topic_confident`: told of from this confidence on; off where absent."
    )
    topic_label: Literal["emerges", "bursts", "breaks_out"] = Field(
        "emerges", description="What alerts on topics look at: will grow, unusually high, or new and rising."
    )
    topic_horizon: Hours | None = Field(
        None, description="Hours ahead, of `emerges` one of forecast.further_horizons; default: forecast.horizon_hours."
    )
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

    services: list[ServiceSettings] = Field(
        default_factory=list,
        description="Other services, each with name and Apprise's url, e.g. ntfys://ntfy.sh/TOPIC.",
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

    @field_validator("services")
    @classmethod
    def _services_named_once(cls, value: list[ServiceSettings]) -> list[ServiceSettings]:
        if len({service.name for service in value}) < len(value):
            raise ValueError("two services have the same name")
        return value


class MailSettings(Section):
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
