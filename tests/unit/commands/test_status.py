"""What can be read is shown, whatever else is away."""

import io
from pathlib import Path

from rich.console import Console

from coinloom.settings import PostgresTls, Settings
from commands.status import show_stages
from tests.unit.stores.servers import failing_postgres, postgres_error


def test_a_stage_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    canceled = postgres_error("57014", "canceling statement due to statement timeout")
    with failing_postgres(canceled) as port:
        settings = Settings(
            _env_file=None,
            kafka_bootstrap_servers="127.0.0.1:1",
            postgres_port=port,
            postgres_sslmode=PostgresTls.DISABLE,
            lake=str(tmp_path / "lake"),
        )
        show_stages(settings, console)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "landing in parquet" in shown
    assert "KAFKA_BOOTSTRAP_SERVERS" in shown
    assert shown.count("canceling statement due to statement timeout") == 1
