"""How far the stream has come in each sink, read without Spark and without looking at the history."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from pyarrow.fs import FileSelector, FileSystem
from pyarrow.parquet import FileMetaData, read_metadata

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Sink
from stores.database import connect_to_look
from stores.lake_files import arrow_address, data_files, landed_hours

NEWEST_HOURS = """
    select landed_hour, count(*), max(last_updated_at)
    from landing.crypto_prices
    where
        landed_hour in (
            (select max(landed_hour) from landing.crypto_prices),
            (
                select max(landed_hour)
                from landing.crypto_prices
                where landed_hour < (select max(landed_hour) from landing.crypto_prices)
            )
        )
    group by landed_hour
    order by landed_hour desc
"""


class LandedFromElsewhere(CoinloomError):
    """The checkpoint of a sink is that of another topic."""


@dataclass(frozen=True, slots=True)
class NewestHour:
    """The newest `landed_hour` of a sink: its rows so far, and the newest event time in it and the hour before, in UTC.

    When an hour begins while a backfill lands, the first that is in it are prices of long ago.
    """

    landed_hour: str
    rows: int
    newest_event: datetime


def newest_hour(settings: Settings, sink: Sink) -> NewestHour | None:
    """None before the first row. Raises DatabaseUnavailable."""
    hours = list(islice(_in_the_lake(settings), 2)) if sink is Sink.PARQUET else _in_postgres(settings)
    return replace(hours[0], newest_event=max(hour.newest_event for hour in hours)) if hours else None


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


def _in_postgres(settings: Settings) -> list[NewestHour]:
    """Two of them, the newest first, each with what is newest in itself."""
    with connect_to_look(settings) as connection:
        return [NewestHour(*row) for row in connection.execute(NEWEST_HOURS)]


def _in_the_lake(settings: Settings) -> Iterator[NewestHour]:
    """All of them, likewise; of those that are asked for, the footers of the files are read."""
    lake, root = FileSystem.from_uri(arrow_address(f"{settings.lake}/landing/crypto_prices"))
    for hour, folder in sorted(landed_hours(lake, root).items(), reverse=True):
        footers = [read_metadata(path, filesystem=lake) for path in data_files(lake, folder)]
        events = [event for footer in footers for event in _newest_events(footer)]
        if events:  # a stream that was killed may have left a folder without files
            yield NewestHour(hour, sum(footer.num_rows for footer in footers), max(events))


def _newest_events(footer: FileMetaData) -> Iterator[datetime]:
    """Of each part of a file."""
    column = footer.schema.names.index("last_updated_at")
    for part in range(footer.num_row_groups):
        yield footer.row_group(part).column(column).statistics.max.replace(tzinfo=None)
