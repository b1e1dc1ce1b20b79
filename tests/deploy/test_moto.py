"""The template deployed on moto's server: what moto knows of it, which leaves out MSK, the secrets and the alarms."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from stack.ports import free_port
from tests.deploy.expanded import expanded

pytestmark = pytest.mark.long  # half a minute, and nothing of ours changes it but the template

STACK = "coinloom"
BROKERS = "b-1.example.org:9096,b-2.example.org:9096"
SERVICES = {"Poller", "Stream", "ThriftServer", "Build", "Maintain", "Dashboard", "Monitor"}


class Account:
    """An account of AWS that lives in this process."""

    def __init__(self, address: str) -> None:
        self._session = boto3.Session("nobody", "nothing", region_name="us-east-1")
        self._address = address

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._address)

    def parameters(self, **given: str) -> dict[str, Any]:
        """Arguments that create or update the stack; moto has no public parameters of AWS's images."""
        named = {"HostImage": "/image", **given}
        self.client("ssm").put_parameter(Name="/image", Value="ami-12c6146b", Type="String", Overwrite=True)
        pairs = [{"ParameterKey": key, "ParameterValue": value} for key, value in named.items()]
        return {"StackName": STACK, "TemplateBody": json.dumps(_known_to_moto()), "Parameters": pairs}

    def resource(self, name: str) -> str:
        found = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=name)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])


def _known_to_moto() -> dict[str, Any]:
    """Resources that moto does not know it leaves out by itself."""
    template = copy.deepcopy(expanded())
    del template["Outputs"]["DatabaseMasterSecret"]
    return template


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    server = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    account = Account(f"http://127.0.0.1:{server._port}")
    account.client("cloudformation").create_stack(**account.parameters())
    yield account
    server.stop()


def test_the_lake_is_private_and_cleans_up(account: Account) -> None:
    s3, lake = account.client("s3"), account.resource("Lake")
    blocked = s3.get_public_access_block(Bucket=lake)["PublicAccessBlockConfiguration"]
    assert len(blocked) == 4
    assert all(blocked.values())
    rules = s3.get_bucket_lifecycle_configuration(Bucket=lake)["Rules"]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    kept = {rule["Prefix"]: rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "Prefix" in rule}
    assert (kept["lake/landing/"], kept["lake/warehouse/"]) == (30, 1)
    assert s3.get_bucket_versioning(Bucket=lake)["Status"] == "Enabled"


def test_the_database_is_encrypted_and_not_public(account: Account) -> None:
    (database,) = account.client("rds").describe_db_instances()["DBInstances"]
    assert (database["StorageEncrypted"], database["DeletionProtection"]) == (True, True)
    assert database["PubliclyAccessible"] is False


def test_nothing_runs_until_the_brokers_are_named(account: Account) -> None:
    assert running(account) == dict.fromkeys(SERVICES, 0)
    account.client("cloudformation").update_stack(**account.parameters(KafkaBootstrapServers=BROKERS))
    assert running(account) == dict.fromkeys(SERVICES, 1)


def running(account: Account) -> dict[str, int]:
    ecs, cluster = account.client("ecs"), account.resource("Cluster")
    found = ecs.describe_services(cluster=cluster, services=sorted(SERVICES))["services"]
    return {service["serviceName"]: service["desiredCount"] for service in found}


def test_each_container_has_its_role(account: Account) -> None:
    ecs, iam = account.client("ecs"), account.client("iam")
    rights = {}
    for service in SERVICES:
        task = ecs.describe_task_definition(taskDefinition=f"{STACK}-{service}")["taskDefinition"]
        rights[service] = tuple(iam.list_role_policies(RoleName=task["taskRoleArn"].split("/")[-1])["PolicyNames"])
    assert rights["Poller"] == ()
    assert rights["Monitor"] == rights["Dashboard"] == ("read-lake",)
    assert rights["Stream"] == rights["Build"] == ("write-lake",)
