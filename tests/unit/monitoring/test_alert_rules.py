"""The alert rules, their own tests, and that they and the dashboard ask for nothing that is not there."""

import json
import re
import subprocess

import pytest
import yaml

from coinloom.settings import REPOSITORY
from tests.prometheus import FOLDER, program
from tests.unit.monitoring.made_look import look, scraped

GRAFANA = REPOSITORY / "monitoring" / "grafana" / "coinloom.json"
OF_ALERTS = {"coinloom_alerts_sent_total", "coinloom_alerts_waiting"}  # there if ALERT_WEBHOOK_URL is set
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
PANELS = json.loads(GRAFANA.read_text(encoding="utf-8"))["panels"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [target["expr"] for panel in PANELS for target in panel["targets"]]


@pytest.mark.parametrize(
    "command",
    [
        "check rules alerts.yml",
        "check config prometheus.yml",
        "test rules alerts_test.yml",
        "test rules credits_test.yml",
    ],
)
def test_prometheus_own_tool_is_content(command: str) -> None:
    done = subprocess.run(
        [program("promtool"), *command.split()], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_has_a_test_in_which_it_fires() -> None:
    tests = (FOLDER / "alerts_test.yml").read_text(encoding="utf-8")
    fires = set(re.findall(r'alertname="(\w+)"[^\n]*value: 1', tests))
    assert fires == {rule["alert"] for rule in RULES} > {"CoinloomStageBroken"}


def test_rules_and_dashboard_ask_for_metrics_that_there_are() -> None:
    there = {f"coinloom_{name.partition('{')[0]}" for name in scraped(look())} | OF_ALERTS
    asked = {name for expression in EXPRESSIONS for name in re.findall(r"coinloom_\w+", expression)}
    assert len(asked) > 20
    assert asked - there == set()


def test_the_page_has_every_metric_and_no_other() -> None:
    page = (REPOSITORY / "docs" / "monitoring.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(coinloom_\w+)`", page.split("| metric |")[1].split("\n\n")[0]))
    assert named == {f"coinloom_{name.partition('{')[0]}" for name in scraped(look())} | OF_ALERTS
