"""What the UI needs to show a run of the command line beside its own: the job's place in the workspace, and tags."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from dagster import DagsterInstance
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.storage.tags import MAX_RETRIES_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from trend_assets.automation.orphans import PROCESS_TAG, this_process

#: The command that started a run, as it was typed.
COMMAND_TAG = "trend/command"
#: As `templates/workspace.yaml` names them.
_MODULE, _LOCATION = "trend_assets.definitions", "trend_assets"
#: Longer commands are cut: the UI shows a tag on one line.
_SHOWN = 200


def command_tags() -> dict[str, str]:
    """The tags of a run of this process: what started it, and where. Nobody but its caller may start it again."""
    command = shlex.join([Path(sys.argv[0]).stem, *sys.argv[1:]])
    shown = command if len(command) <= _SHOWN else f"{command[: _SHOWN - 1]}…"
    return {COMMAND_TAG: shown, PROCESS_TAG: this_process(), MAX_RETRIES_TAG: "0"}


@contextmanager
def recorded_in_workspace(instance: DagsterInstance, job_name: str) -> Iterator[None]:
    """Has the runs that are created inside name their job's place in the workspace.

    Without it the timeline leaves a run out, its job's page does not link it, and the UI cannot run it again.
    """
    location = ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(module_name=_MODULE), _LOCATION)
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), job_name)
    # `execute_in_process` creates its run by this method and takes no origin.
    create = partial(instance.create_run_for_job, remote_job_origin=origin)
    vars(instance)["create_run_for_job"] = create
    try:
        yield
    finally:
        del vars(instance)["create_run_for_job"]
