"""The template for AWS with its loops carried out, as CloudFormation does it before it makes anything."""

import json
from functools import cache
from typing import Any

from coinloom.settings import REPOSITORY

TEMPLATE = REPOSITORY / "deploy" / "aws" / "template.yaml"


@cache
def expanded() -> dict[str, Any]:
    """Plain dictionaries and lists; whoever wants others changes a copy."""
    # They bring a thousand modules, and pytest imports this file in each of its processes to find the tests.
    from cfnlint.decode import decode  # noqa: PLC0415
    from cfnlint.template import Template  # noqa: PLC0415

    template, wrong = decode(str(TEMPLATE))
    carried_out = Template(str(TEMPLATE), template, regions=["us-east-1"])
    wrong += carried_out.transform()
    assert wrong == []
    return json.loads(json.dumps(carried_out.template))  # type: ignore[no-any-return]


def resources(kind: str) -> dict[str, Any]:
    """The properties of all resources of a type, by their name."""
    return {name: of["Properties"] for name, of in expanded()["Resources"].items() if of["Type"] == kind}


if __name__ == "__main__":  # for checkov, which knows no loops
    print(json.dumps(expanded(), indent=2))
