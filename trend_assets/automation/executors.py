"""Where the steps of a run are done: the setting `dagster.executor`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from trend_assets.automation.instance import BROKER
from trend_assets.settings import DagsterSettings, SettingsError

#: Module, name in it, and what pip installs, of the executors that are not Dagster's own.
_INSTALLED = {
    "celery": ("dagster_celery", "celery_executor", "trend-assets[celery]"),
    "docker": ("dagster_docker", "docker_executor", "dagster-docker"),
    "k8s": ("dagster_k8s", "k8s_job_executor", "dagster-k8s"),
}


def executor(settings: DagsterSettings) -> dg.ExecutorDefinition:
    """The executor of all jobs.

    Raises:
        SettingsError: its package is not installed, or its configuration is wrong.
    """
    made = _own(settings.executor) or _installed(settings.executor)
    configuration = {**_defaults(settings.executor), **settings.executor_config}
    if not configuration:
        return made
    made = made.configured(configuration)
    # Dagster itself looks at it when a run starts.
    if errors := made.apply_config_mapping({"config": {}}).errors:
        told = "; ".join(" ".join(error.message.split()) for error in errors)
        raise SettingsError(f"dagster.executor_config does not fit {settings.executor}: {told}")
    return made


def _own(name: str) -> dg.ExecutorDefinition | None:
    return {"in_process": dg.in_process_executor, "multiprocess": dg.multiprocess_executor}.get(name)


def _installed(name: str) -> dg.ExecutorDefinition:
    module, attribute, package = _INSTALLED[name]
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ImportError:
        raise SettingsError(f"dagster.executor is {name}, which is not installed: pip install '{package}'") from None
    assert isinstance(found, dg.ExecutorDefinition)
    return found


def _defaults(name: str) -> Mapping[str, Any]:
    # The broker of `trend worker`; Dagster's own default is RabbitMQ on this machine.
    broker = os.environ.get(BROKER)
    return {"broker": broker, "backend": broker} if name == "celery" and broker else {}
