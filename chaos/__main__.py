"""`python -m chaos`: kill parts of a pipeline at random, let it drain, and look for what is lost or doubled."""

import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from chaos.evidence import Evidence, gather, mart_rows
from chaos.killing import Plan, kill_at_random
from chaos.pipeline import chaos_settings, drain, running, undisturbed
from chaos.verdict import differences, mart_differences
from coinloom.progress import Steps
from coinloom.settings import Target

console = Console() if sys.stdout.isatty() else Console(width=160)


def main(
    *,
    kills: Annotated[int, typer.Option(min=0, help="How many processes are killed.")] = 100,
    seed: Annotated[int, typer.Option(help="Another seed, other victims at other moments.")] = 1,
    target: Annotated[
        Target, typer.Option(help="Where dbt builds; spark also kills the Thrift Server.")
    ] = Target.SPARK,
    longest_pause: Annotated[
        float, typer.Option(min=1, help="Seconds between two kills, at most; on spark a build takes 20 or more.")
    ] = 8,
    faults: Annotated[str, typer.Option(help="What goes wrong at the API, as for `python -m simulator`.")] = "",
    lake_root: Annotated[
        str, typer.Option(help="An empty place for the lake, such as s3a://bucket/chaos; by default a folder.")
    ] = "",
    keep: Annotated[bool, typer.Option(help="Keep the folder with data and logs, also after a good end.")] = False,
) -> None:
    """Run the pipeline on a simulated market, `kill -9` one part after the other, and compare all stages in the end.

    Ends with 1, and keeps the folder, when a single message, offset or row of a mart is not as it should be.
    """
    home = Path(tempfile.mkdtemp(prefix="coinloom-chaos-"))
    killed, evidence, found = _run(home, target, Plan(kills, seed, longest_pause), faults, lake_root)
    console.print(_report(killed, evidence))
    for difference in found:
        console.print(f"[red]difference:[/red] {difference}")
    if found or keep:
        console.print(f"Data and logs: {home}", soft_wrap=True)
    else:
        shutil.rmtree(home)
    if found:
        raise typer.Exit(1)
    console.print(f"{killed.total()} kills, no difference.")


def _run(
    home: Path, target: Target, plan: Plan, faults: str, lake_root: str
) -> tuple[Counter[str], Evidence, list[str]]:
    settings, steps = chaos_settings(home / "disturbed", target, lake_root), Steps(console)
    with running(settings, faults, steps) as supervisor:
        victims = sorted(state.name for state in supervisor.states() if state.name != "simulator")
        with steps.step(f"Kill {plan.kills} times") as say:
            killed = kill_at_random(supervisor, victims, plan, say)
        with steps.step("Let it drain"):
            drain(settings, supervisor)
        with steps.step("Gather the evidence"):
            evidence, marts = gather(settings), mart_rows(settings)
        with undisturbed(settings, home / "undisturbed", steps) as other:
            expected = mart_rows(other)
    return killed, evidence, [*differences(evidence, killed["poller"]), *mart_differences(marts, expected)]


def _report(killed: Counter[str], evidence: Evidence) -> Table:
    report = Table("what", "count")
    for name, times in sorted(killed.items()):
        report.add_row(f"kills of {name}", f"{times:,}")
    report.add_row("answers of the simulator", f"{evidence.answers.total():,}")
    report.add_row("polls on the topic", f"{len(evidence.polls):,}")
    report.add_row("messages on the topic", f"{sum(evidence.ends.values()):,}")
    for sink, landed in evidence.landed.items():
        report.add_row(f"landed by the sink {sink}", f"{landed.total():,}")
        report.add_row(f"quarantined by the sink {sink}", f"{evidence.quarantined[sink].total():,}")
    return report


if __name__ == "__main__":
    typer.run(main)
