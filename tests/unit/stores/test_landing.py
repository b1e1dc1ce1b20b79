"""How far the stream has come in the lake, from files as it leaves them."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow.parquet import write_table

from coinloom.settings import Settings, Sink
from maintenance.exchange import exchange
from stores.landing import NewestRows, landed_offsets, newest_rows
from tests.watching import again_and_again


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, lake_root=str(tmp_path), kafka_topic="prices")


def land(lake: Path, hour: str, file: str, *events: datetime, minute: int = 0) -> None:
    """Rows of these event times, all at that minute of the hour."""
    folder = lake / "landing" / "crypto_prices" / f"landed_hour={hour}"
    folder.mkdir(parents=True, exist_ok=True)
    times = [datetime.fromisoformat(f"{hour}:{minute:02}")] * len(events)
    instant = pa.timestamp("us", "UTC")
    columns = {"landed_at": pa.array(times, instant), "last_updated_at": pa.array(events, instant)}
    write_table(pa.table(columns), folder / file)


def test_what_is_newest_is_in_the_newest_hour(settings: Settings, tmp_path: Path) -> None:
    newest = datetime(2026, 11, 22, 10, 9)
    land(tmp_path, "2026-11-22T08", "a.parquet", datetime(2026, 11, 22, 11))
    land(tmp_path, "2026-11-22T09", "a.parquet", datetime(2026, 11, 22, 9))
    land(tmp_path, "2026-11-22T10", "b.parquet", datetime(2026, 11, 22, 10, 1), newest)
    land(tmp_path, "2026-11-22T10", "c.parquet", datetime(2026, 11, 22, 10, 5), minute=12)
    land(tmp_path, "2026-11-22T10", "_not_committed.parquet", datetime(2026, 11, 22, 10, 30))
    assert newest_rows(settings, Sink.PARQUET) == NewestRows(datetime(2026, 11, 22, 10, 12), newest)


def test_the_hour_before_says_what_is_newest_while_an_hour_begins_with_a_backfill(
    settings: Settings, tmp_path: Path
) -> None:
    live, backfilled = datetime(2026, 11, 22, 9, 59), datetime(2026, 2, 24)
    land(tmp_path, "2026-11-22T08", "a.parquet", datetime(2026, 11, 22, 11))
    land(tmp_path, "2026-11-22T09", "a.parquet", live, backfilled)
    land(tmp_path, "2026-11-22T09", "b.parquet", backfilled)
    land(tmp_path, "2026-11-22T10", "c.parquet", backfilled, backfilled)
    (tmp_path / "landing" / "crypto_prices" / "landed_hour=2026-11-22T11").mkdir()
    assert newest_rows(settings, Sink.PARQUET) == NewestRows(datetime(2026, 11, 22, 10), live)


def test_a_look_begins_again_when_an_hour_is_compacted_meanwhile(settings: Settings, tmp_path: Path) -> None:
    """What it has listed has gone when it opens it, every now and then."""
    event = datetime(2026, 11, 22, 10, 1)
    hour, aside = tmp_path / "landing" / "crypto_prices" / "landed_hour=2026-11-22T10", tmp_path / "aside"
    aside.mkdir()
    for number in range(20):
        land(tmp_path, "2026-11-22T10", f"small-{number}.parquet", event)
        (aside / f"merged-{number}.parquet").write_bytes((hour / f"small-{number}.parquet").read_bytes())
    with again_and_again(lambda: exchange(aside, hour), pause_seconds=0.02):
        looks = {newest_rows(settings, Sink.PARQUET) for _ in range(500)}
    assert looks == {NewestRows(datetime(2026, 11, 22, 10), event)}


def test_before_the_first_row_there_is_none(settings: Settings) -> None:
    assert newest_rows(settings, Sink.PARQUET) is None
    assert landed_offsets(settings, Sink.PARQUET) == {}


def test_offsets_are_those_of_the_newest_batch_that_is_committed(settings: Settings, tmp_path: Path) -> None:
    for folder, batches in {"commits": (9, 10), "offsets": (9, 10, 11)}.items():
        (tmp_path / "_checkpoints" / "parquet" / folder).mkdir(parents=True)
        for batch in batches:
            text = f'v1\n{{"batchTimestampMs":0}}\n{{"prices":{{"0":{batch},"2":{10 * batch}}}}}'
            (tmp_path / "_checkpoints" / "parquet" / folder / str(batch)).write_text(text)
    assert landed_offsets(settings, Sink.PARQUET) == {0: 10, 2: 100}
