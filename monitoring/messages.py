"""A change of state in words: as JSON for programs, or as a message for Slack and what understands the same."""

from collections.abc import Callable
from typing import Any

from coinloom.clock import iso_milliseconds, seconds_since
from coinloom.settings import WebhookFormat
from coinloom.wording import age
from health.verdicts import State
from monitoring.watch import Change

SIGNS = {State.HEALTHY: ":large_green_circle:", State.STALE: ":large_yellow_circle:", State.BROKEN: ":red_circle:"}


def as_json(change: Change) -> dict[str, Any]:
    """Moments are ISO 8601 in UTC. Who hears the same twice knows it by `stage`, `state` and `since`."""
    return {
        "source": "coinloom",
        "stage": change.stage,
        "state": change.state.name.lower(),
        "was": change.was.name.lower(),
        "reason": change.reason,
        "since": iso_milliseconds(change.since),
        "noticed_at": iso_milliseconds(change.noticed_at),
    }


def as_slack(change: Change) -> dict[str, Any]:
    """A reason may quote what came from outside, so nothing in it is markup."""
    state, was = change.state.name.lower(), change.was.name.lower()
    lasted = age(seconds_since(change.since, change.noticed_at))
    head = f"{SIGNS[change.state]} *Coinloom: {_escaped(change.stage)} is {state}* for {lasted}, and was {was}"
    return {"text": f"{head}\n{_escaped(change.reason)}"}


FORMATS: dict[WebhookFormat, Callable[[Change], dict[str, Any]]] = {
    WebhookFormat.JSON: as_json,
    WebhookFormat.SLACK: as_slack,
}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
