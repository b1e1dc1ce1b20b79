"""What a DAG has to know of Coinloom's settings, which its commands read by themselves: how long a build may take.

They come from Airflow's environment. One that is empty has its default, as in coinloom/settings.py.
"""

import os
from datetime import timedelta


def setting(name: str, default: str) -> str:
    return os.environ.get(name) or default


def seconds(name: str, default: str) -> timedelta:
    try:
        return timedelta(seconds=float(setting(name, default)))
    except (ValueError, OverflowError):
        raise ValueError(f"{name} has to be a number of seconds") from None


LOCK_WAIT = seconds("BUILD_LOCK_WAIT_SECONDS", "600")
# Of a command that may wait for another build to end and then be one. The minute is for its start and its last words.
LONGEST_BUILD = LOCK_WAIT + seconds("BUILD_TIMEOUT_SECONDS", "3600") + timedelta(minutes=1)
# Of what only looks: is landing fresh, is all healthy.
LONGEST_LOOK = timedelta(minutes=10)
# Freshness, build, publish and check one after another, and time between them. What is cut off, the next DAG run does.
LONGEST_DAG_RUN = 2 * LONGEST_BUILD + 3 * LONGEST_LOOK
