"""The alert: one notification, with its rule, subject, severity and message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from trend_assets.settings import AlertRule

Severity = Literal["info", "warning", "critical"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How urgent a rule's alerts are, and how people call it."""

    severity: Severity
    title: str


RULES: Mapping[AlertRule, Rule] = {
    "topic_rising": Rule("info", "Topic rising"),
    "topic_confident": Rule("info", "Topic forecast with confidence"),
    "watch_list": Rule("info", "Watched topic"),
    "source_late": Rule("warning", "Source late"),
    "key_refused": Rule("critical", "Key refused"),
    "run_failed": Rule("warning", "Run failed"),
    "import_failed": Rule("warning", "Import failed"),
    "training_failed": Rule("warning", "Training failed"),
    "model_not_promoted": Rule("warning", "Model not promoted"),
    "model_refused": Rule("critical", "Model damaged"),
    "drift": Rule("warning", "Model drifted"),
    "disk_low": Rule("critical", "Disk low"),
}
_OTHER = Rule("info", "Test")


@dataclass(frozen=True, slots=True)
class Alert:
    """What is to be told.

    Args:
        rule: one of `RULES`, or `test`.
        subject: to what it happened: a topic, a source, a week, a file.
        message: what happened, in a user's words; never with a secret.
    """

    rule: str
    subject: str
    message: str

    @property
    def severity(self) -> Severity:
        """How urgent it is: critical alerts are told in quiet hours too."""
        return self._rule.severity

    @property
    def title(self) -> str:
        """The rule as people call it."""
        return self._rule.title

    @property
    def _rule(self) -> Rule:
        return RULES.get(cast(AlertRule, self.rule), _OTHER)
