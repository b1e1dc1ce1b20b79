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
