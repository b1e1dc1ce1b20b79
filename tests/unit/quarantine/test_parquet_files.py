"""Reading the quarantine in the lake: counts by reason, batches of bounded size, files of any age."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from rich.console import Console

from coinloom.settings import Settings, Sink
from commands.quarantine import show_quarantine
from maintenance.committed_batches import CommittedBatches
from maintenance.compaction import Table
from quarantine.contents import MESSAGES_PER_BATCH, QuarantineUnreadable, ReasonCount
from quarantine.parquet_files import QuarantineFiles
from quarantine.sinks import count_by_reason
from tests.watching import again_and_again

TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)
INSTANT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    {
        "kafka_topic": pa.string(),
        "kafka_partition": pa.int32(),
        "kafka_offset": pa.int64(),
        "produced_at": INSTANT,
        "raw_key": pa.binary(),
        "raw_value": pa.binary(),
        "poll_id": pa.string(),
        "source": pa.string(),
        "schema_version": pa.string(),
        "reason": pa.string(),
        "landed_at": INSTANT,
    }
)


class Lake:
    """A lake in a folder, whose quarantine the test fills."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.quarantine = QuarantineFiles(str(folder))

    def put(self, landed_at: datetime, offsets: range, reason: str, schema: pa.Schema = SCHEMA) -> Path:
        """One file, written aside and moved, as the stream leaves one for each batch."""
        rows = [_row(offset, landed_at, reason) for offset in offsets]
        file = self.folder / f"quarantine/crypto_prices/landed_hour={landed_at:%Y-%m-%dT%H}/stream-{offsets[0]}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        staged = self.folder / "_staging.parquet"
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows, schema=schema), staged)
        return staged.rename(file)

    def offsets(self, *reasons: str, since_hour: str = "") -> list[int]:
        return [message.offset for batch in self.quarantine.batches(reasons, since_hour) for message in batch]


def _row(offset: int, landed_at: datetime, reason: str) -> dict[str, Any]:
    value = None if offset % 2 else b"\xff%d" % offset
    row = {"kafka_topic": "prices", "kafka_partition": 1, "kafka_offset": offset, "produced_at": landed_at}
    return row | {"raw_value": value, "source": "live", "reason": reason, "landed_at": landed_at}


def test_a_count_begins_again_when_an_hour_is_compacted_meanwhile(lake: Lake) -> None:
    table = Table(lake.folder, "quarantine/crypto_prices", ("landed_at", "kafka_partition", "kafka_offset"), 0.2)
    everything, offsets = CommittedBatches("", -1), itertools.count(1)
    lake.put(TEN, range(1), "not_json")

    def compact() -> None:
        for offset in itertools.islice(offsets, 2):
            lake.put(TEN, range(offset, offset + 1), "not_json")
        table.mend()
        for hour in table.due(everything, "2999-12-31T23"):
            table.prepare(hour, everything)
            table.replace(hour)

    counted: list[int] = []
    with again_and_again(compact, pause_seconds=0.02):
        while len(counted) < 100 or counted[-1] <= 10:
            counted.append(sum(count.messages for count in lake.quarantine.count()))
    assert counted == sorted(counted)
    [at_last] = lake.quarantine.count()
    assert sorted(lake.offsets()) == list(range(at_last.messages))
    assert counted[-1] > 10


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture
def filled(lake: Lake) -> Lake:
    lake.put(TEN, range(5), "not_json")
    lake.put(TEN + timedelta(minutes=1), range(5, 7), "invalid_price")
    lake.put(TEN + timedelta(hours=1), range(7, 10), "not_json")
    return lake


def test_a_lake_without_a_quarantine_has_nothing_in_it(lake: Lake) -> None:
    assert lake.quarantine.count() == []
    assert lake.offsets() == []


def test_messages_are_counted_by_reason(filled: Lake) -> None:
    eleven = TEN + timedelta(hours=1)
    later = TEN + timedelta(minutes=1)
    assert filled.quarantine.count() == [
        ReasonCount(Sink.PARQUET, "invalid_price", 2, later, later, "prices/1/5"),
        ReasonCount(Sink.PARQUET, "not_json", 8, TEN, eleven, "prices/1/7"),
    ]
    assert filled.quarantine.count("2026-11-22T11") == [
        ReasonCount(Sink.PARQUET, "not_json", 3, eleven, eleven, "prices/1/7")
    ]


def test_messages_are_read_by_reason_and_hour(filled: Lake) -> None:
    assert filled.offsets() == list(range(10))
    assert filled.offsets("invalid_price") == [5, 6]
    assert filled.offsets("invalid_price", "not_json", since_hour="2026-11-22T11") == [7, 8, 9]
    ((first, second, *_), *_) = filled.quarantine.batches()
    assert (first.place, first.raw_key, first.raw_value, first.source) == ("prices/1/0", None, b"\xff0", "live")
    assert (second.produced_at, second.raw_value) == (TEN, None)


def test_a_large_file_comes_in_batches(lake: Lake) -> None:
    lake.put(TEN, range(1_000), "not_json")
    batches = list(lake.quarantine.batches())
    assert max(map(len, batches)) == MESSAGES_PER_BATCH
    assert sum(map(len, batches)) == 1_000


def test_a_file_may_be_older_than_a_column(lake: Lake) -> None:
    lake.put(TEN, range(2), "not_json", pa.schema([field for field in SCHEMA if field.name != "source"]))
    lake.put(TEN, range(2, 4), "not_json")
    assert [message.source for batch in lake.quarantine.batches() for message in batch] == [None, None, "live", "live"]


def test_what_is_being_written_is_not_read(filled: Lake) -> None:
    folder = filled.folder / "quarantine/crypto_prices/landed_hour=2026-11-22T10"
    (folder / "_SUCCESS").touch()
    (folder / ".stream-5.parquet.crc").write_bytes(b"crc")
    assert len(filled.offsets()) == 10


def test_a_file_that_goes_away_is_a_clear_error(filled: Lake) -> None:
    def reads() -> Iterator[object]:
        for batch in filled.quarantine.batches():
            yield batch
            for file in filled.folder.rglob("*.parquet"):
                file.unlink()

    with pytest.raises(QuarantineUnreadable, match="try again"):
        list(reads())


def test_the_command_shows_them(filled: Lake) -> None:
    settings = Settings(lake_root=str(filled.folder), landing_sinks=[Sink.PARQUET])
    assert [count.messages for count in count_by_reason(settings)] == [2, 8]
    console = Console(width=160, record=True)
    show_quarantine(settings, "", console)
    shown = console.export_text()
    assert "not_json" in shown
    assert "2026-11-22 11:00:00" in shown
    assert "prices/1/7" in shown
