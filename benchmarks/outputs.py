"""The three tables that every engine computes and writes as Parquet, partitioned by hour."""

UPDATES = "intermediate.int_prices"
BARS = "intermediate.int_minute_bars"
CRYPTO_TABLE = "warehouse.crypto_table"
OUTPUTS = (UPDATES, BARS, CRYPTO_TABLE)
PARTITION = "bar_hour"
THREADS = 2
