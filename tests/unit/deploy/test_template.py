"""The template is clean, runs the services of docker-compose.yml with settings that there are, and opens nothing."""

import re
import subprocess
import tomllib
from typing import Any

import yaml

from coinloom.processes import executable
from coinloom.settings import REPOSITORY, Settings
from maintenance.run import TABLES
from tests.deploy.expanded import TEMPLATE, expanded, resources

SERVICES = ("poller", "stream", "thrift-server", "build", "maintain", "dashboard", "monitor")
# Of AWS's libraries, and of encrypted connections.
OTHERS = {"AWS_REGION"}
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
# As f"{settings.lake}/landing" and '${spark.coinloom.lake_root}/landing'.
IN_THE_LAKE = re.compile(r"lake(?:_root)?\}/(\w+)")


def test_cfn_lint_finds_nothing() -> None:
    lint = subprocess.run([executable("cfn-lint"), TEMPLATE], capture_output=True, text=True, check=False)
    assert (lint.returncode, lint.stdout) == (0, "")


def test_the_services_are_those_of_the_compose_file() -> None:
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    ours = expanded()["Mappings"]["Services"]
    for name in SERVICES:
        service = ours[name.title().replace("-", "")]
        assert service["Command"] == [default(part) for part in compose[name]["command"]]
        assert essence(service["HealthCheck"]) == essence(compose[name]["healthcheck"]["test"])


def default(part: str) -> str:
    """What Compose makes of `${NAME:-default}` where nothing is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", part)


def essence(check: list[str]) -> list[str]:
    """Without what is made of an exit code: Docker shows who is unhealthy, ECS starts it anew."""
    return [re.split(r"; | \|\| ", part)[0] if check[0] == "CMD-SHELL" else part for part in check]


def test_old_versions_of_all_that_is_written_to_the_lake_go() -> None:
    (bucket,) = resources("AWS::S3::Bucket").values()
    rules = {rule["Prefix"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "Prefix" in rule}
    assert rules.keys() == {f"lake/{folder}/" for folder in folders_of_the_lake()}
    assert {rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules.values()} == {1, 30}
    # docs/cluster.md
    assert rules["lake/_staging/"]["ExpirationInDays"] == 2
    assert [prefix for prefix, rule in rules.items() if "ExpirationInDays" in rule] == ["lake/_staging/"]


def folders_of_the_lake() -> set[str]:
    """Right below it: what the code names, and the tables whose names it puts together."""
    sources = [file for package in PACKAGES for file in (REPOSITORY / package).rglob("*.py")]
    sources += (REPOSITORY / "dbt_project" / "macros").rglob("*.sql")
    named = {folder for file in sources for folder in re.findall(IN_THE_LAKE, file.read_text(encoding="utf-8"))}
    return named | {table.partition("/")[0] for table in TABLES}


def test_every_variable_of_a_container_is_a_setting() -> None:
    tasks = resources("AWS::ECS::TaskDefinition")
    assert len(tasks) == len(SERVICES)
    known = {name.upper() for name in Settings.model_fields} | OTHERS
    for task in tasks.values():
        (container,) = task["ContainerDefinitions"]
        assert {variable["Name"] for variable in container["Environment"] + container["Secrets"]} - known == set()


def test_a_secret_is_no_plain_variable() -> None:
    (container,) = resources("AWS::ECS::TaskDefinition")["PollerTask"]["ContainerDefinitions"]
    plain = {variable["Name"] for variable in container["Environment"]}
    assert [name for name in plain if re.search("PASSWORD|SECRET|API_KEY|WEBHOOK_URL", name)] == []


def test_no_security_group_lets_the_world_in() -> None:
    groups = resources("AWS::EC2::SecurityGroup")
    assert len(groups) == 3
    ingress = [rule for group in groups.values() for rule in group.get("SecurityGroupIngress", [])]
    ingress += resources("AWS::EC2::SecurityGroupIngress").values()
    assert sorted(rule["FromPort"] for rule in ingress) == [5432, 9096]
    assert all("SourceSecurityGroupId" in rule and "CidrIp" not in rule for rule in ingress)


def test_roles_may_do_named_things_to_named_resources() -> None:
    policies = [policy["PolicyDocument"] for policy in resources("AWS::IAM::Policy").values()]
    for role in resources("AWS::IAM::Role").values():
        policies += [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    statements = [statement for policy in policies for statement in policy["Statement"]]
    assert len(statements) > 8
    assert [action for statement in statements for action in listed(statement["Action"]) if "*" in action] == []
    everything = [statement["Action"] for statement in statements if statement["Resource"] == "*"]
    assert everything == ["ecr:GetAuthorizationToken"]


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
