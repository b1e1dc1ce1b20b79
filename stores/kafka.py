"""How every client of ours reaches Kafka, from one set of settings: KAFKA_BOOTSTRAP_SERVERS and KAFKA_S*."""

from typing import Any

from coinloom.settings import KafkaMechanism, KafkaProtocol, Settings, in_clear
from stores.tls import tls_context

IAM_LOGIN = "software.amazon.msk.auth.iam.IAMLoginModule required;"
IAM_CALLBACK = "software.amazon.msk.auth.iam.IAMClientCallbackHandler"
LOGIN_MODULES = {
    KafkaMechanism.PLAIN: "org.apache.kafka.common.security.plain.PlainLoginModule",
    KafkaMechanism.SCRAM_SHA_256: "org.apache.kafka.common.security.scram.ScramLoginModule",
    KafkaMechanism.SCRAM_SHA_512: "org.apache.kafka.common.security.scram.ScramLoginModule",
}


def uses_tls(settings: Settings) -> bool:
    return settings.kafka_security_protocol is not KafkaProtocol.PLAINTEXT


def uses_iam(settings: Settings) -> bool:
    """Whether AWS says who we are: its keys are found as by its own tools, in AWS_* or the role of the machine."""
    is_asked = settings.kafka_security_protocol is KafkaProtocol.SASL_SSL
    return is_asked and settings.kafka_sasl_mechanism is KafkaMechanism.AWS_MSK_IAM


def client_options(settings: Settings) -> dict[str, Any]:
    """For kafka-python's clients. Holds the password. Raises WrongSetting."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers.split(","),
        "security_protocol": str(settings.kafka_security_protocol),
    }
    if uses_tls(settings):
        options["ssl_context"] = tls_context(settings.kafka_ssl_cafile, "KAFKA_SSL_CAFILE")
    if settings.kafka_security_protocol is KafkaProtocol.SASL_SSL:
        options["sasl_mechanism"] = str(settings.kafka_sasl_mechanism)
        options["sasl_plain_username"] = settings.kafka_sasl_username
        options["sasl_plain_password"] = in_clear(settings.kafka_sasl_password)
    return options


def java_options(settings: Settings) -> dict[str, str]:
    """For Kafka's own clients in Java, as in Spark. Holds the password: give it to nothing that shows its options.

    The certificates go as text, so that executors on other machines need no file.
    """
    options = {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "security.protocol": str(settings.kafka_security_protocol),
    }
    if settings.kafka_ssl_cafile:
        options["ssl.truststore.type"] = "PEM"
        options["ssl.truststore.certificates"] = settings.kafka_ssl_cafile.read_text()
    if settings.kafka_security_protocol is KafkaProtocol.SASL_SSL:
        options["sasl.mechanism"] = str(settings.kafka_sasl_mechanism)
        options["sasl.jaas.config"] = _jaas(settings)
    if uses_iam(settings):
        options["sasl.client.callback.handler.class"] = IAM_CALLBACK
    return options


def _jaas(settings: Settings) -> str:
    """A line of Java's configuration of logins, which is where Kafka's clients take names and passwords from."""
    if uses_iam(settings):
        return IAM_LOGIN
    module = LOGIN_MODULES[settings.kafka_sasl_mechanism]
    user, password = (
        jaas_quoted(settings.kafka_sasl_username or ""),
        jaas_quoted(in_clear(settings.kafka_sasl_password) or ""),
    )
    return f"{module} required username={user} password={password};"


def jaas_quoted(value: str) -> str:
    """As Java's StreamTokenizer reads it back."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
    return '"' + "".join(escapes.get(character, character) for character in value) + '"'
