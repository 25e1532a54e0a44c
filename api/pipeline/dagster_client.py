"""A client of Dagster's GraphQL endpoint: starts runs, and reads the state of runs and schedules."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import httpx
from fastapi import Depends, Request

from trend_assets.errors import TrendError
from trend_assets.settings import DagsterSettings

_SECONDS = 30
_TAG = "trend/request"
#: Asked for again, a run that came to nothing is tried again.
_FAILED = {"FAILURE", "CANCELED"}
#: The code location of workspace.yaml.
_REPOSITORY = {"repositoryLocationName": "trend_assets", "repositoryName": "__repository__"}
_RUN = "runId jobName status creationTime startTime endTime tags { key value }"
_LAUNCH = f"""
    mutation Launch($params: ExecutionParams!) {{
        launchRun(executionParams: $params) {{
            __typename ... on LaunchRunSuccess {{ run {{ {_RUN} }} }} ... on Error {{ message }}
            ... on RunConfigValidationInvalid {{ errors {{ message }} }}
        }}
    }}
"""
_BY_TAG = f"""
    query ByTag($key: String!, $value: String!) {{
        runsOrError(filter: {{ tags: [{{ key: $key, value: $value }}] }}, limit: 1) {{
            ... on Runs {{ results {{ {_RUN} }} }}
        }}
    }}
"""
_ONE = f"query One($id: ID!) {{ runOrError(runId: $id) {{ __typename ... on Run {{ {_RUN} }} }} }}"
_CLOCKS = f"""
    query Clocks($repository: RepositorySelector!) {{
        schedulesOrError(repositorySelector: $repository) {{
            ... on Schedules {{ results {{
                name cronSchedule scheduleState {{ status ticks(limit: 1) {{ timestamp status error {{ message }} }} }}
                futureTicks(limit: 1) {{ results {{ timestamp }} }}
            }} }}
        }}
        sensorsOrError(repositorySelector: $repository) {{
            ... on Sensors {{ results {{
                name sensorState {{ status ticks(limit: 1) {{ timestamp status error {{ message }} }} }}
                nextTick {{ timestamp }}
            }} }}
        }}
        running: runsOrError(
            filter: {{ statuses: [QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING] }}, limit: 100
        ) {{ ... on Runs {{ results {{ {_RUN} }} }} }}
        failed: runsOrError(filter: {{ statuses: [FAILURE] }}, limit: 20) {{
            ... on Runs {{ results {{ {_RUN} }} }}
        }}
        instance {{ daemonHealth {{ allDaemonStatuses {{ daemonType healthy required }} }} }}
    }}
"""


_QUEUES = """
    query Queues {
        queued: runsOrError(filter: { statuses: [QUEUED, NOT_STARTED] }) { ... on Runs { count } }
        started: runsOrError(filter: { statuses: [STARTING, STARTED, CANCELING] }) { ... on Runs { count } }
    }
"""
#: Who asks for metrics waits no longer for a part of them.
_QUEUE_SECONDS = 2


class DagsterDown(TrendError):
    """Dagster's webserver does not answer, or not as it should."""


class DagsterRefused(TrendError):
    """Dagster does not start the run."""


class DagsterClient:
    """One webserver.

    Args:
        settings: where it listens.
    """

    def __init__(self, settings: DagsterSettings) -> None:
        host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host
        self.address = f"http://{host}:{settings.port}"
        self._client = httpx.AsyncClient(base_url=self.address, timeout=_SECONDS, trust_env=False)
        self._starting = asyncio.Lock()

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def start(
        self,
        job: str,
        assets: Sequence[str],
        partition: str,
        request_key: str,
        run_tags: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """A run of the job's assets for one partition; for a known `request_key` the run that it started before.

        Args:
            job: its name.
            assets: names of those that are materialized, as `sources/twitter`.
            partition: Dagster's key.
            request_key: the same for the same request.
            run_tags: tags that the assets understand.

        Returns:
            The run, and whether it is new.

        Raises:
            DagsterDown: the webserver does not answer.
            DagsterRefused: it does not start the run, e.g. for a partition that there is not.
        """
        async with self._starting:
            before = (await self._ask(_BY_TAG, key=_TAG, value=request_key))["runsOrError"]
            if before.get("results") and before["results"][0]["status"] not in _FAILED:
                return before["results"][0], False
            tags = {**(run_tags or {}), "dagster/partition": partition, _TAG: request_key}
            params = {
                "selector": {
                    **_REPOSITORY,
                    "jobName": job,
                    "assetSelection": [{"path": name.split("/")} for name in assets],
                },
                "runConfigData": {},
                "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
            }
            answer = (await self._ask(_LAUNCH, params=params))["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise DagsterRefused(f"Dagster did not start {job} for {partition}: {_why(answer)}")
        return answer["run"], True

    async def run(self, run_id: str) -> dict[str, Any] | None:
        """One run; None where there is none of that id.

        Raises:
            DagsterDown: the webserver does not answer.
        """
        answer = (await self._ask(_ONE, id=run_id))["runOrError"]
        return answer if answer["__typename"] == "Run" else None

    async def clocks(self) -> Mapping[str, Any]:
        """Schedules, sensors, daemons, running and failed runs.

        Raises:
            DagsterDown: the webserver does not answer.
        """
        return await self._ask(_CLOCKS, repository=_REPOSITORY)

    async def queues(self) -> dict[str, int] | None:
        """How many runs are `queued` and `started`; None where the webserver does not answer at once."""
        try:
            answer = await asyncio.wait_for(self._ask(_QUEUES), _QUEUE_SECONDS)
        except (DagsterDown, TimeoutError):
            return None
        return {name: found["count"] for name, found in answer.items() if "count" in found}

    async def _ask(self, query: str, **variables: Any) -> Mapping[str, Any]:
        down = f"Dagster's webserver does not answer at {self.address}: start it with `trend up`"
        try:
            answer = await self._client.post("/graphql", json={"query": query, "variables": variables})
            data = answer.json().get("data")
        except (httpx.HTTPError, ValueError, AttributeError):
            raise DagsterDown(down) from None
        if not isinstance(data, dict):
            raise DagsterDown(f"{down}, or set dagster.host and dagster.port to where it is")
        return data


def _why(answer: Mapping[str, Any]) -> str:
    errors = [error["message"] for error in answer.get("errors", [])]
    text = answer.get("message") or "; ".join(errors) or str(answer["__typename"])
    return text.strip().splitlines()[0]


async def dagster_client(request: Request) -> DagsterClient:
    """The application's client, for FastAPI's dependencies; it waits for nothing, and so for no thread either."""
    client = request.app.state.dagster
    assert isinstance(client, DagsterClient)
    return client


Dagster = Annotated[DagsterClient, Depends(dagster_client)]
