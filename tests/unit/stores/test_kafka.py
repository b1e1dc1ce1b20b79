"""From the settings to what each of Kafka's clients is told."""

import hashlib
import hmac
import json
import re
import ssl
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from kafka.net.sasl import get_sasl_mechanism

from coinloom.settings import REPOSITORY, Settings
from stores.kafka import client_options, java_options
from tests.certificates import Authority

PASSWORD = 'it\'s "a\\b" \\\\ $1 ${x} %s; #é'
ELSEWHERE = ("tests/", "benchmarks/", "chaos/")  # with stacks of their own, which have no TLS
SASL = {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_username": "ada", "kafka_sasl_password": PASSWORD}
# By hand, from what Java's StreamTokenizer takes for a backslash and a quotation mark.
QUOTED = r'''"it's \"a\\b\" \\\\ $1 ${x} %s; #é"'''


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, kafka_bootstrap_servers="a:9096,b:9096", **values)


@pytest.fixture
def signer(tmp_path: Path) -> Path:
    return Authority.new(tmp_path).signer


def test_without_settings_nothing_is_encrypted() -> None:
    assert client_options(settings()) == {"bootstrap_servers": ["a:9096", "b:9096"], "security_protocol": "PLAINTEXT"}
    assert java_options(settings()) == {"bootstrap.servers": "a:9096,b:9096", "security.protocol": "PLAINTEXT"}


def test_python_gets_the_password_as_it_is_and_who_may_sign(signer: Path) -> None:
    options = client_options(settings(**SASL, kafka_ssl_cafile=signer))
    context = options.pop("ssl_context")
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1
    assert options == {
        "bootstrap_servers": ["a:9096", "b:9096"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "ada",
        "sasl_plain_password": PASSWORD,
    }


def test_java_gets_a_line_of_jaas_and_the_certificates_themselves(signer: Path) -> None:
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    assert java_options(settings(**SASL, kafka_ssl_cafile=signer)) == {
        "bootstrap.servers": "a:9096,b:9096",
        "security.protocol": "SASL_SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": signer.read_text(),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": f'{scram} required username="ada" password={QUOTED};',
    }


def test_each_mechanism_has_its_module() -> None:
    plain = java_options(settings(**SASL, kafka_sasl_mechanism="PLAIN"))
    assert plain["sasl.jaas.config"].startswith("org.apache.kafka.common.security.plain.PlainLoginModule required ")
    iam = java_options(settings(kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="AWS_MSK_IAM"))
    assert iam["sasl.jaas.config"] == "software.amazon.msk.auth.iam.IAMLoginModule required;"
    assert iam["sasl.client.callback.handler.class"] == "software.amazon.msk.auth.iam.IAMClientCallbackHandler"


def test_a_token_for_msk_is_signed_with_the_keys_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """By AWS's signature version 4, worked out once more here from its documentation."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG"}
    for name, value in (keys | {"AWS_DEFAULT_REGION": "eu-central-1"}).items():
        monkeypatch.setenv(name, value)
    options = client_options(settings(kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="AWS_MSK_IAM"))
    token = json.loads(get_sasl_mechanism("AWS_MSK_IAM")(host="b-1.example.org", **options).auth_bytes())
    assert keys["AWS_SECRET_ACCESS_KEY"] not in json.dumps(token)
    signature = token.pop("x-amz-signature")
    assert signature == _signature(keys["AWS_SECRET_ACCESS_KEY"], "b-1.example.org", token)


def _signature(secret: str, host: str, token: dict[str, str]) -> str:
    date, scope = token["x-amz-date"], token["x-amz-credential"].split("/", 1)[1]
    asked = {
        "Action": "kafka-cluster:Connect",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": token["x-amz-credential"],
        "X-Amz-Date": date,
        "X-Amz-Expires": token["x-amz-expires"],
        "X-Amz-SignedHeaders": "host",
    }
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(asked.items()))
    request = "\n".join(["GET", "/", query, f"host:{host}", "", "host", hashlib.sha256(b"").hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def test_every_client_takes_its_options_from_here() -> None:
    """Of Kafka's, and of PostgreSQL's."""
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    ours = {name: (REPOSITORY / name).read_text() for name in tracked.stdout.split() if not name.startswith(ELSEWHERE)}
    kafka = [name for name, text in ours.items() if re.search(r'\bopened\(\s*Kafka|format\("kafka"\)', text)]
    assert len(kafka) == 4
    assert [name for name, text in ours.items() if re.search(r"Kafka(Consumer|AdminClient|Producer)\(", text)] == []
    assert [name for name in kafka if not re.search(r"\b(client|java)_options\(", ours[name])] == []
    assert [name for name, text in ours.items() if "psycopg.connect(" in text] == ["stores/database.py"]
