"""What the command line takes, and what it says of it."""

import pytest
from typer.testing import CliRunner

from coinloom.settings import Settings
from commands.cli import app


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--hours", "2"], "only with --simulate"),
        (["--speed", "60"], "only with --simulate"),
        (["--simulate", "--hours", "-1"], "--hours"),
        (["--simulate", "--speed", "0.5"], "--speed"),
    ],
)
def test_a_market_that_there_cannot_be_is_refused(
    options: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET", "nothing")  # with which nothing starts, whatever else is wrong
    done = CliRunner().invoke(app, ["up", *options])
    assert done.exit_code == 2
    assert said in done.stderr


def test_maintain_names_every_setting_that_removes_something() -> None:
    said = CliRunner().invoke(app, ["maintain", "--help"]).stdout
    names = [name.upper() for name in Settings.model_fields if name.endswith("_retention_days")]
    assert len(names) > 4
    assert not [name for name in names if name not in said]


@pytest.mark.parametrize(
    "command",
    [
        *("status", "check", "stream", "quarantine", "quarantine replay", "build", "publish", "maintain"),
        *("dashboard", "monitor", "top", "demo"),
    ],
)
def test_what_asks_where_prices_land_or_are_built_takes_the_target(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET", "neither")  # is refused, unless the option stands in its place
    monkeypatch.setenv("POSTGRES_PORT", "none")  # with which nothing starts
    plain, told = (CliRunner().invoke(app, [*command.split(), *more]).stderr for more in ([], ["--target", "postgres"]))
    assert ("DBT_TARGET" in plain, "POSTGRES_PORT" in plain) == (True, True)
    assert ("DBT_TARGET" in told, "POSTGRES_PORT" in told) == (False, True)


def test_the_target_of_a_replay_is_not_lost_before_it() -> None:
    done = CliRunner().invoke(app, ["quarantine", "--target", "postgres", "replay"])
    assert done.exit_code == 2
    assert "write it after 'replay'" in done.stderr
