"""What is counted anew at each look, and what is remembered: over a lake in a folder."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from quarantine.contents import ReasonCount
from quarantine.ended_hours import EndedHours
from tests.unit.quarantine.test_parquet_files import TEN, Lake

HOUR = timedelta(hours=1)


class Looker:
    """Looks at a lake in whose quarantine five hours have three messages each."""

    def __init__(self, folder: Path) -> None:
        self.lake, self._ended = Lake(folder), EndedHours()
        for hour in range(5):
            self.lake.put(TEN + hour * HOUR, range(10 * hour, 10 * hour + 3), "not_json")

    def look(self) -> list[ReasonCount]:
        return self._ended.count(self.lake.quarantine)

    def number(self) -> int:
        return sum(count.messages for count in self.look())

    def folder(self, hour: int) -> Path:
        return self.lake.folder / f"quarantine/crypto_prices/landed_hour={TEN + hour * HOUR:%Y-%m-%dT%H}"


@pytest.fixture
def looker(tmp_path: Path) -> Looker:
    return Looker(tmp_path)


def test_the_first_look_and_the_next_ones_count_what_the_command_counts(looker: Looker) -> None:
    looker.lake.put(TEN + 2 * HOUR, range(100, 105), "invalid_price")
    counted = looker.lake.quarantine.count()
    assert [(count.reason, count.messages) for count in counted] == [("invalid_price", 5), ("not_json", 15)]
    assert [looker.look(), looker.look()] == [counted, counted]


def test_hours_that_have_ended_are_not_read_again(looker: Looker) -> None:
    before = looker.look()
    for hour in (1, 2):
        for file in looker.folder(hour).iterdir():
            file.write_bytes(b"no Parquet")
    assert looker.look() == before


def test_what_lands_in_the_newest_hours_is_counted(looker: Looker) -> None:
    assert looker.number() == 15
    looker.lake.put(TEN + 4 * HOUR, range(200, 207), "not_json")
    assert looker.number() == 22
    looker.lake.put(TEN + 5 * HOUR, range(300, 301), "missing_price")
    looker.lake.put(TEN + 4 * HOUR, range(400, 401), "not_json")
    assert looker.number() == 24
    assert looker.look() == looker.lake.quarantine.count()


def test_what_retention_has_removed_is_in_quarantine_no_more(looker: Looker) -> None:
    assert looker.number() == 15
    for hour in (0, 1):
        shutil.rmtree(looker.folder(hour))
    assert looker.number() == 9
    (looker.folder(2) / "stream-20.parquet").unlink()  # of the first hour that is left, as PostgreSQL loses some rows
    looker.lake.put(TEN + 2 * HOUR, range(500, 501), "not_json")
    assert looker.number() == 7
