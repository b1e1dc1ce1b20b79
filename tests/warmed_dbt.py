"""dbt after its first command: what it compiles for itself on first use, for seconds, is there for all who are forked.

To be imported by a process that is forked from, and by no other.
"""

from tempfile import TemporaryDirectory

from dbt.cli.main import dbtRunner

from commands.build import DBT_PROJECT


def _parse() -> None:
    """Nothing of it is kept on disk. The static parser starts threads, which a fork would not have."""
    with TemporaryDirectory() as folder:
        places = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT))
        outputs = ("--target-path", folder, "--log-path", folder)
        parsed = dbtRunner().invoke(["parse", *places, *outputs, "--quiet", "--no-static-parser"])
    if not parsed.success:
        raise parsed.exception or RuntimeError("dbt parse failed")


_parse()
