"""`trend alerts`: sends a test alert, and lists alerts and their delivery."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from trend_assets.commands.console import as_it_is, as_typed, console
from trend_assets.settings import load_settings

app = typer.Typer(help="Test the channels of alerts, and show the history.", no_args_is_help=True)

_SECONDS = 60
_LIST = """
    SELECT raised_at, rule, subject, state, attempts, message, last_error FROM alerts
    WHERE ($state IS NULL OR state = $state) AND ($rule IS NULL OR rule = $rule)
    ORDER BY raised_at DESC, id LIMIT $top
"""


class State(StrEnum):
    """What became of an alert."""

    WAITING = "waiting"
    HELD = "held"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@app.command()
def test() -> None:
    """Send a test alert through every channel of the settings, and say what happened to it.

    The exit status is 1 where one of them did not take it.

    Example: trend alerts test
    """
    from trend_assets.alerting.alert import Alert
    from trend_assets.alerting.channel import NotDelivered
    from trend_assets.alerting.dispatch import channels, send
    from trend_assets.alerting.history import Entry
    from trend_assets.alerting.lines import log_file, write_line

    settings = load_settings()
    now = datetime.now(UTC)
    alert = Alert("test", socket.gethostname(), f"A test of the alerts of {settings.home}: all is well.")
    write_line(settings, alert, now)
    console.print(f"log: written to {log_file(settings)}", markup=False, soft_wrap=True)
    failed = False
    for channel in channels(settings):
        try:
            said, _ = send(channel, [Entry(alert, f"test-{now.isoformat()}", now)], _SECONDS, attempts=1)
            console.print(f"{channel.name}: delivered: {said}", markup=False, soft_wrap=True)
        except NotDelivered as error:
            failed = True
            console.print(f"{channel.name}: not delivered: {error}", markup=False, soft_wrap=True)
    if not channels(settings):
        console.print(
            "No webhook, no service and no mail server is set (alerts.webhooks, alerts.services, mail.host): "
            "alerts go to the log alone."
        )
    if failed:
        raise typer.Exit(1)


@app.command("list")
def list_alerts(
    state: Annotated[State | None, typer.Option(help="Only those whose delivery stands so.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only those of one rule, e.g. source_late.")] = None,
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many are shown.")] = 30,
) -> None:
    """Show what was told, the newest first, and what could not be delivered and why.

    Example: trend alerts list --state retrying
    """
    from trend_assets.lake.connection import lake_location
    from trend_assets.lake.store import Lake

    lake = Lake(lake_location(load_settings()), read_only=True)
    asked = {"state": state and state.value, "rule": rule, "top": top}
    rows = lake.read(_LIST, asked)
    lake.close()
    if rows.is_empty():
        told = "no alert fits" if state or rule else "no alert yet: nothing was wrong, or `trend up` never ran"
        console.print(as_typed(told), soft_wrap=True, markup=False)
        return
    table = Table("raised (UTC)", "rule", "subject", "state", "attempts", "what happened")
    for row in rows.iter_rows(named=True):
        failing = row["last_error"] if row["state"] != "delivered" else None
        said = as_typed(f"{row['message']} [{failing}]" if failing else row["message"])
        moment = f"{row['raised_at']:%Y-%m-%d %H:%M}"
        table.add_row(moment, row["rule"], as_it_is(row["subject"]), row["state"], str(row["attempts"]), as_it_is(said))
    console.print(table)
