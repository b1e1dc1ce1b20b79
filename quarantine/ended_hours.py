"""Counts for who looks at a quarantine again and again: an hour in which nothing can land any more is counted once."""

from itertools import chain

from quarantine.contents import Quarantine, ReasonCount, together

STILL_OPEN = 2
"""So many of the newest hours. What lands lands in the newest or in a later one; one is to spare."""

HOURS_AT_ONCE = 100
"""So the first count of a long history is no single query, which would take longer than a look may."""


class EndedHours:
    """What the hours of one quarantine have, for as long as they are there."""

    def __init__(self) -> None:
        self._ended: dict[str, list[ReasonCount]] = {}

    def count(self, quarantine: Quarantine) -> list[ReasonCount]:
        """All of it: one entry per reason, in their order. Raises what the quarantine raises."""
        hours = quarantine.hours()
        ended = set(hours[1:-STILL_OPEN])  # the first may be just going: from PostgreSQL it is removed by the minute
        self._ended = {hour: counts for hour, counts in self._ended.items() if hour in ended}
        not_counted, of_open = [hour for hour in hours if hour not in self._ended], list[ReasonCount]()
        for start in range(0, len(not_counted), HOURS_AT_ONCE):
            at_once = not_counted[start : start + HOURS_AT_ONCE]
            counted = quarantine.count_by_hour(at_once)
            self._ended |= {hour: counted.get(hour, []) for hour in at_once if hour in ended}
            of_open += chain.from_iterable(counts for hour, counts in counted.items() if hour not in ended)
        return together(chain(of_open, *self._ended.values()))
