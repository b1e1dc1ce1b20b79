"""The template deployed on moto's server: network, roles, host, database and services, as far as moto knows them.

Of MSK, of secrets and of alarms it knows nothing, and of much else only that it is there.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from stack.ports import free_port
from tests.deploy.expanded import expanded

pytestmark = pytest.mark.long  # half a minute, and nothing of ours changes it but the template

BROKERS = {"new": "", "started": "b-1.example.org:9096,b-2.example.org:9096"}
SERVICES = {"Poller", "Stream", "ThriftServer", "Build", "Maintain", "Dashboard", "Monitor"}
FIRST_SUBNET = "10.42.0.0/24"


class Account:
    """An account of AWS in this process, in which the template has been deployed twice."""

    def __init__(self, address: str) -> None:
        self._session = boto3.Session("nobody", "nothing", region_name="us-east-1")
        self._address = address

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._address)

    def deploy(self, stack: str) -> None:
        """Here an image of AWS is a parameter like any other."""
        self.client("ssm").put_parameter(Name="/image", Value="ami-12c6146b", Type="String", Overwrite=True)
        given = {"HostImage": "/image", "KafkaBootstrapServers": BROKERS[stack]}
        self.client("cloudformation").create_stack(
            StackName=stack,
            TemplateBody=json.dumps(known_to_moto()),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        )

    def resource(self, stack: str, name: str) -> str:
        found = self.client("cloudformation").list_stack_resources(StackName=stack)["StackResourceSummaries"]
        (resource,) = (each["PhysicalResourceId"] for each in found if each["LogicalResourceId"] == name)
        return str(resource)


def known_to_moto() -> dict[str, Any]:
    """Resources of a kind that moto does not know it leaves out by itself; these two things it fails at."""
    template = copy.deepcopy(expanded())
    del template["Outputs"]["DatabaseMasterSecret"]
    del template["Resources"]["Database"]["Properties"]["DBParameterGroupName"]
    return template


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  as in expanded.py

    port = free_port()
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    account = Account(f"http://127.0.0.1:{port}")
    for stack in BROKERS:
        account.deploy(stack)
    yield account
    server.stop()


def test_the_lake_is_encrypted(account: Account) -> None:
    found = account.client("s3").get_bucket_encryption(Bucket=account.resource("new", "Lake"))
    (rule,) = found["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_the_database_is_in_three_zones_encrypted_and_not_public(account: Account) -> None:
    databases = account.client("rds").describe_db_instances()["DBInstances"]
    assert len(databases) == len(BROKERS)
    for database in databases:
        assert (database["StorageEncrypted"], database["PubliclyAccessible"]) == (True, False)
        assert len({subnet["SubnetAvailabilityZone"]["Name"] for subnet in database["DBSubnetGroup"]["Subnets"]}) == 3


def test_one_host_is_in_the_zone_of_its_volume(account: Account) -> None:
    ec2, named = account.client("ec2"), [account.resource("new", "Host")]
    found = account.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=named)
    (group,) = found["AutoScalingGroups"]
    (host,) = group["Instances"]
    (volume,) = ec2.describe_volumes(VolumeIds=[account.resource("new", "HostVolume")])["Volumes"]
    assert host["AvailabilityZone"] == volume["AvailabilityZone"]
    (subnet,) = ec2.describe_subnets(SubnetIds=[group["VPCZoneIdentifier"]])["Subnets"]
    assert (subnet["CidrBlock"], subnet["MapPublicIpOnLaunch"]) == (FIRST_SUBNET, False)


def test_only_the_host_reaches_kafka_and_postgresql(account: Account) -> None:
    ec2, host = account.client("ec2"), account.resource("new", "HostSecurityGroup")
    for name, port in {"KafkaSecurityGroup": 9096, "DatabaseSecurityGroup": 5432}.items():
        (group,) = ec2.describe_security_groups(GroupIds=[account.resource("new", name)])["SecurityGroups"]
        (rule,) = group["IpPermissions"]
        assert (rule["FromPort"], rule["ToPort"], rule["IpRanges"]) == (port, port, [])
        assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [host]
    (group,) = ec2.describe_security_groups(GroupIds=[host])["SecurityGroups"]
    assert group["IpPermissions"] == []


@pytest.mark.parametrize(("stack", "wanted"), [("new", 0), ("started", 1)])
def test_nothing_runs_until_the_brokers_are_named(account: Account, stack: str, wanted: int) -> None:
    ecs, cluster = account.client("ecs"), account.resource(stack, "Cluster")
    found = ecs.describe_services(cluster=cluster, services=sorted(SERVICES))["services"]
    assert {service["serviceName"]: service["desiredCount"] for service in found} == dict.fromkeys(SERVICES, wanted)


def test_each_role_has_its_rights(account: Account) -> None:
    iam, rights = account.client("iam"), {}
    for role in ("NoLake", "LakeReader", "LakeWriter", "Execution"):
        named = iam.list_role_policies(RoleName=account.resource("new", f"{role}Role"))
        rights[role] = named["PolicyNames"]
    assert rights == {
        "NoLake": [],
        "LakeReader": ["read-lake"],
        "LakeWriter": ["write-lake"],
        "Execution": ["start-containers"],
    }
