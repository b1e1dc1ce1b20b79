"""A length of an indicator that `memory` does not know would be computed from too few bars: it does not compile."""

import re
import subprocess
from pathlib import Path

import yaml

from coinloom.processes import executable
from coinloom.settings import REPOSITORY

PROJECT = REPOSITORY / "dbt_project"
INDICATORS = [
    *(PROJECT / "models" / "intermediate" / "indicators").glob("*.sql"),
    *(PROJECT / "macros" / "indicators").glob("*.sql"),
    PROJECT / "models/marts/crypto_table.sql",
]
LENGTH = re.compile(r"\w+_(?:windows?|minutes)")
NO_INDICATORS = {"max_fill_minutes", "max_stale_minutes"}


def test_a_length_without_memory_does_not_compile(tmp_path: Path) -> None:
    parse = [
        executable("dbt"),
        "parse",
        "--target",
        "spark_session",
        "--vars",
        "memory: {sma_windows: {times_length: 1}}",
    ]
    paths = ["--target-path", str(tmp_path), "--log-path", str(tmp_path)]
    done = subprocess.run([*parse, *paths], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.search(r"\w+ has no line in the var `memory` of dbt_project.yml", done.stdout)


def test_every_length_is_in_memory_and_is_asked_for_there() -> None:
    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    lengths = {name for name in variables if LENGTH.fullmatch(name)} - NO_INDICATORS
    assert {"sma_windows", "macd_fast_window", "price_change_minutes"} < lengths
    assert lengths == variables["memory"].keys()
    used = {
        (how, name) for file in INDICATORS for how, name in re.findall(r"\b(var|lengths)\('(\w+)'\)", file.read_text())
    }
    assert {name for how, name in used if how == "lengths"} == lengths
    assert not {name for how, name in used if how == "var"} & lengths
