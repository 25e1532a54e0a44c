"""The Celery application of `trend worker`: it takes the runs of Dagster's Celery launcher, and their steps."""

from __future__ import annotations

import os

from dagster_celery.config import DEFAULT_CONFIG
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_execute_job_task, create_resume_job_task, create_task

from trend_assets.automation.instance import BROKER

_broker = os.environ[BROKER]
app = make_app({"broker": _broker, "backend": _broker, "config_source": DEFAULT_CONFIG})  # type: ignore[no-untyped-call]
execute_job, resume_job = create_execute_job_task(app), create_resume_job_task(app)
execute_step = create_task(app)  # type: ignore[no-untyped-call]
