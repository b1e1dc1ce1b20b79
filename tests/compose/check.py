"""Is the composed pipeline filled, and does every Kafka message count once? Runs inside the container `build`."""

import sys

from rich.console import Console

from coinloom.settings import read_settings
from commands.counts import count_rows
from commands.marts import show_top_5
from stores.database import as_reader

settings, console = read_settings(), Console(width=160)
filled = [show_top_5(as_reader(settings), console, mart) > 0 for mart in ("top_5_gainers", "top_5_losers")]
counts = count_rows(settings)
for what, rows in counts.described():
    console.print(f"{rows:>10,}  {what}")
sys.exit(0 if all(filled) and counts.messages == counts.landed + counts.quarantined else 1)
