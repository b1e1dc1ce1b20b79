"""The lake's landing files, copied into PostgreSQL."""

from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from psycopg import sql

from coinloom.settings import Settings
from spark_streaming.transforms import LANDING_COLUMNS
from stores.composing import names
from stores.database import connect
from stores.lake_files import PARTITION

# Not null or text without commas, all of it, so CSV says the same as Parquet.
FORMAT = pyarrow.csv.WriteOptions(include_header=False)


def copy_landing(settings: Settings) -> None:
    """Fill landing.crypto_prices, which must be empty."""
    columns = names([*LANDING_COLUMNS, PARTITION])
    statement = sql.SQL("copy landing.crypto_prices ({}) from stdin (format csv)").format(columns)
    with connect(settings) as connection:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for file in sorted(Path(settings.lake, "landing", "crypto_prices").glob("*/*.parquet")):
                copy.write(_as_csv(file))
        connection.execute("analyze landing.crypto_prices")


def _as_csv(file: Path) -> bytes:
    rows = pyarrow.parquet.ParquetFile(file).read().select(LANDING_COLUMNS)
    landed_hour = pa.repeat(file.parent.name.partition("=")[2], rows.num_rows)
    buffer = BytesIO()
    pyarrow.csv.write_csv(rows.append_column(PARTITION, landed_hour), buffer, FORMAT)
    return buffer.getvalue()
