"""What the receiver was told last of each stage, on disk: so a restart says nothing twice."""

from coinloom.errors import CoinloomError
from coinloom.settings import Settings
from health.verdicts import State
from stores.state_file import StateFile

SCHEMA = "create table if not exists told (stage text primary key, state text not null)"


class ToldNotKept(CoinloomError):
    """The file cannot be read or written."""


class Told:
    """Everything raises ToldNotKept."""

    def __init__(self, settings: Settings) -> None:
        advice = "make room and let us write there, or move COINLOOM_HOME"
        self._file = StateFile(settings.alerts_file, SCHEMA, "alerts that were sent", ToldNotKept, advice)

    def states(self) -> dict[str, State]:
        with self._file.transaction() as told:
            rows = told.execute("select stage, state from told").fetchall()
        return {stage: State[state] for stage, state in rows if state in State.__members__}

    def note(self, stage: str, state: State) -> None:
        with self._file.transaction() as told:
            told.execute("insert or replace into told values (?, ?)", (stage, state.name))
