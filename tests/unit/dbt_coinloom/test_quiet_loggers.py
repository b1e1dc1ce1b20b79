from io import StringIO

import pytest
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager_client import add_logger_to_manager, cleanup_event_logger
from dbt_common.events.functions import fire_event
from dbt_common.events.logger import LoggerConfig
from dbt_common.events.types import Note, PrintEvent

from dbt_coinloom import quiet_loggers
from dbt_coinloom.quiet_loggers import QuietLoggers

LEVELS = list(EventLevel)


def said_at(lowest: EventLevel, project: str) -> tuple[str, int]:
    """What a logger of this level keeps of events of each level and of what a macro prints; how many lines it made."""
    stream, lines = StringIO(), []

    def noted(line: str) -> str:
        lines.append(line)
        return line

    cleanup_event_logger()
    config = LoggerConfig("a test", level=lowest, output_stream=stream, scrubber=noted, filter=lambda _: True)
    add_logger_to_manager(config)
    try:
        QuietLoggers(project)
        for level in LEVELS:
            fire_event(Note(msg=f"of {level.value}"), level=level)
        fire_event(PrintEvent(msg="printed"))
    finally:
        cleanup_event_logger()
    return "".join(line.rpartition("  ")[2] for line in stream.getvalue().splitlines(keepends=True)), len(lines)


@pytest.mark.parametrize("lowest", LEVELS)
def test_the_same_is_said_and_nothing_else_is_made_a_line_of(lowest: EventLevel) -> None:
    expected, all_lines = said_at(lowest, "jaffle_shop")
    said, lines = said_at(lowest, "coinloom")
    assert said == expected
    assert lines == len(said.splitlines()) <= all_lines == len(LEVELS) + 1


def test_every_level_of_dbt_has_a_rank() -> None:
    assert set(quiet_loggers.RANKS) == set(EventLevel)
