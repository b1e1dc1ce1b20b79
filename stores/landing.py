"""How far the stream has come in each sink, read without Spark and without looking at the history."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from pyarrow.fs import FileSelector, FileSystem
from pyarrow.parquet import FileMetaData, read_metadata

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Sink
from stores.database import connect_to_look
from stores.lake_files import arrow_address, data_files, landed_hours, listed_again
from stores.landed_rows import LandedRows

# So long before the last row that has landed, until a price is found that is newer than all that landed before it can
# be. A file of prices lands millions of rows a minute: then less than that is looked at.
SPANS = [timedelta(minutes=minutes) for minutes in (1, 5, 25, 125)]
LOOKING_SECONDS = 1.0


class LandedFromElsewhere(CoinloomError):
    """The checkpoint of a sink is that of another topic."""


@dataclass(frozen=True, slots=True)
class NewestRows:
    """When the last row of a sink has landed, and the newest event time of those of some two hours before; in UTC.

    What landed last may be prices of long ago, of a backfill, among those of now.
    """

    landed_at: datetime
    newest_event: datetime


def newest_rows(settings: Settings, sink: Sink) -> NewestRows | None:
    """None before the first row. Raises DatabaseUnavailable, and OSError of the lake."""
    if sink is Sink.POSTGRES:
        return _in_postgres(settings)
    hours = list(islice(_in_the_lake(settings), 2))
    if not hours:
        return None
    return NewestRows(max(hour.landed_at for hour in hours), max(hour.newest_event for hour in hours))


def landed_offsets(settings: Settings, sink: Sink) -> Mapping[int, int]:
    """By partition, the offset that the sink's query reads next, from the newest batch that Spark has committed.

    Raises:
        LandedFromElsewhere: the setting names another topic; says how to go on.
    """
    lake, root = FileSystem.from_uri(arrow_address(f"{settings.lake}/_checkpoints/{sink}"))
    commits = lake.get_file_info(FileSelector(f"{root}/commits", allow_not_found=True))
    batches = [int(file.base_name) for file in commits if file.base_name.isdigit()]
    if not batches:
        return {}
    with lake.open_input_stream(f"{root}/offsets/{max(batches)}") as file:
        offsets = json.loads(file.read().splitlines()[-1])
    if settings.kafka_topic not in offsets:
        raise LandedFromElsewhere(
            f"{sink} was landed from the topic {', '.join(offsets)}, and KAFKA_TOPIC is {settings.kafka_topic}. To go "
            f"on with that one, stop the stream and remove {settings.lake}/_checkpoints/{sink}. What was landed stays."
        )
    return {int(partition): offset for partition, offset in offsets[settings.kafka_topic].items()}


def _in_postgres(settings: Settings) -> NewestRows | None:
    with connect_to_look(settings) as connection:
        rows = LandedRows(connection, "landing")
        last = rows.last_at()
        return NewestRows(last, _newest_event(rows, last)) if last else None


def _newest_event(rows: LandedRows, last: datetime) -> datetime:
    newest, until, deadline = datetime.min, datetime.max, time.monotonic() + LOOKING_SECONDS
    for span in SPANS:
        since = last - span
        newest = max([newest, *filter(None, rows.between(since, until, "max(last_updated_at)"))])
        if newest >= since or time.monotonic() > deadline:
            break
        until = since
    return newest


def _in_the_lake(settings: Settings) -> Iterator[NewestRows]:
    """Of each hour, the newest first; of those that are asked for, the footers of the files are read."""
    lake, root = FileSystem.from_uri(arrow_address(f"{settings.lake}/landing/crypto_prices"))
    for _, folder in sorted(landed_hours(lake, root).items(), reverse=True):
        footers = _footers(lake, folder)
        if footers:  # a stream that was killed may have left a folder without files
            yield NewestRows(_newest(footers, "landed_at"), _newest(footers, "last_updated_at"))


@listed_again
def _footers(lake: FileSystem, folder: str) -> list[FileMetaData]:
    footers = [read_metadata(path, filesystem=lake) for path in data_files(lake, folder)]
    return [footer for footer in footers if footer.num_rows]


def _newest(footers: list[FileMetaData], column: str) -> datetime:
    """By the statistics of each part of each file."""
    newest: datetime = max(
        footer.row_group(part).column(footer.schema.names.index(column)).statistics.max
        for footer in footers
        for part in range(footer.num_row_groups)
    )
    return newest.replace(tzinfo=None)
