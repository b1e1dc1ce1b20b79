"""Judges the evidence: every difference from what was promised, in words; none is the only good verdict."""

from collections import Counter
from collections.abc import Mapping

from chaos.evidence import Evidence, Offset, Row


def differences(evidence: Evidence, poller_kills: int) -> list[str]:
    """What is lost or doubled between the simulator, the topic and the sinks.

    A kill costs the poller the answer that it was waiting for, so as many answers may be missing as it was killed.
    """
    return [*_of_polls(evidence, poller_kills), *_of_offsets(evidence)]


def mart_differences(ours: Mapping[str, Counter[Row]], undisturbed: Mapping[str, Counter[Row]]) -> list[str]:
    """Marts whose rows are not those of the undisturbed pipeline, number for number."""
    return [
        f"marts.{mart}: {(ours[mart] - rows).total()} rows too many, {(rows - ours[mart]).total()} are missing"
        for mart, rows in undisturbed.items()
        if ours[mart] != rows
    ]


def _of_polls(evidence: Evidence, poller_kills: int) -> list[str]:
    found = [
        f"poll {poll}: {len(rows)} messages for {len(set(rows))} updates"
        for poll, rows in evidence.polls.items()
        if len(rows) != len(set(rows))
    ]
    polled = Counter(frozenset(rows) for rows in evidence.polls.values())
    if invented := (polled - evidence.answers).total():
        found.append(f"{invented} polls on the topic are not what the simulator answered, as a whole and once")
    if (missing := (evidence.answers - polled).total()) > poller_kills:
        found.append(f"{missing} answers are not on the topic, after {poller_kills} kills of the poller")
    return found


def _of_offsets(evidence: Evidence) -> list[str]:
    expected = Counter((partition, offset) for partition, end in evidence.ends.items() for offset in range(end))
    found = []
    for sink, landed in evidence.landed.items():
        there: Counter[Offset] = landed + evidence.quarantined[sink]
        if there != expected:
            missing, extra = (expected - there).total(), (there - expected).total()
            found.append(f"sink {sink}: {missing} offsets are missing, {extra} are there once too often")
    return found
