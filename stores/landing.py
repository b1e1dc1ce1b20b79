"""How far the stream has come in each sink, read without Spark and without looking at the history."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.fs import FileSelector, FileSystem
from pyarrow.parquet import ParquetFile

from coinloom.errors import CoinloomError
from coinloom.settings import Settings, Sink
from stores.database import connect_to_look
from stores.lake_files import arrow_address, data_files, landed_hours

NEWEST_HOUR = """
    select landed_hour, count(*), max(last_updated_at)
    from landing.crypto_prices
    where landed_hour = (select max(landed_hour) from landing.crypto_prices)
    group by landed_hour
"""


class LandedFromElsewhere(CoinloomError):
    """The checkpoint of a sink is that of another topic."""


@dataclass(frozen=True, slots=True)
class NewestHour:
    """The newest `landed_hour` of a sink: its rows so far, and the newest event time in it, in UTC."""

    landed_hour: str
    rows: int
    newest_event: datetime


def newest_hour(settings: Settings, sink: Sink) -> NewestHour | None:
    """None before the first row. Raises DatabaseUnavailable."""
    if sink is Sink.PARQUET:
        return _newest_hour_in_the_lake(settings)
    with connect_to_look(settings) as connection:
        row = connection.execute(NEWEST_HOUR).fetchone()
    return NewestHour(*row) if row else None


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


def _newest_hour_in_the_lake(settings: Settings) -> NewestHour | None:
    lake, root = FileSystem.from_uri(arrow_address(f"{settings.lake}/landing/crypto_prices"))
    for hour, folder in sorted(landed_hours(lake, root).items(), reverse=True):
        rows, events = 0, []
        for path in data_files(lake, folder):
            with ParquetFile(path, filesystem=lake) as file:
                updates = file.read(["last_updated_at"])["last_updated_at"]
            rows += len(updates)
            events.append(_newest(updates))
        if events:  # a stream that was killed may have left a folder without files
            return NewestHour(hour, rows, max(events))
    return None


def _newest(column: pa.ChunkedArray) -> datetime:
    newest: datetime = pc.max(column).as_py()
    return newest.replace(tzinfo=None)
