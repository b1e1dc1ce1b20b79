"""What docs/quarantine.md says to do in containers is done by a service that can."""

import re

from coinloom.settings import REPOSITORY
from tests.unit.deploy.test_compose import SERVICES


def test_the_service_that_replays_sees_the_lake_and_keeps_the_notes() -> None:
    page = (REPOSITORY / "docs" / "quarantine.md").read_text(encoding="utf-8")
    (service,) = re.findall(r"docker compose exec (\w+) coinloom quarantine replay", page)
    assert {"lake:/data/lake", "poller:/data/coinloom"} <= set(SERVICES[service]["volumes"])
