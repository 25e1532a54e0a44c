"""The reason of a failed step as one line for people."""

from __future__ import annotations

from dagster_shared.error import SerializableErrorInfo


def reason(error: SerializableErrorInfo) -> str:
    """The first error's message on one line, without the path of its class."""
    cause = error.cause or error
    message = " ".join(cause.message.split())
    name, separator, rest = message.partition(": ")
    is_class = bool(cause.cls_name) and name.rpartition(".")[2] == cause.cls_name
    # The message of a built-in exception says little without its class: KeyError: 'hour'.
    is_ours = name.startswith("trend_assets.") or cause.cls_name == "Failure"
    return rest if separator and is_class and is_ours else message
