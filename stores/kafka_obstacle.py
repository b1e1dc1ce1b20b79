"""Why Kafka cannot be used: to kafka-python a wrong password, certificate and port are all `Unable to bootstrap`.

Here a broker is asked once more, step by step as its clients do it, and what it answers is put in words. Over a socket
of our own: kafka-python drops what a broker has said last if it hangs up at once, as it does after a wrong password.
"""

from socket import socket
from typing import Any
from urllib.parse import urlsplit

from kafka.errors import IllegalSaslStateError, KafkaError, UnsupportedSaslMechanismError
from kafka.net.sasl import get_sasl_mechanism
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.parser import KafkaProtocol
from kafka.protocol.sasl import SaslAuthenticateRequest, SaslHandshakeRequest

from coinloom.settings import KafkaProtocol as Protocol
from coinloom.settings import Settings
from stores.kafka import client_options, uses_iam, uses_tls
from stores.tls import Peer, connected, is_there, obstacle

KAFKAS_PORT = 9092


def kafka_obstacle(settings: Settings) -> str | None:
    """What is wrong, and what to set; None if it is none of that, or if nobody is there. Takes seconds.

    Raises:
        WrongSetting: as `client_options`.
    """
    first = urlsplit(f"//{settings.kafka_bootstrap_servers.split(',')[0].strip()}")
    peer = _peer(settings, first.hostname or "", first.port or KAFKAS_PORT)
    if not is_there(peer):
        return None
    return obstacle(peer) or _refusal(settings, peer)


def _peer(settings: Settings, host: str, port: int) -> Peer:
    return Peer(
        what="Kafka",
        host=host,
        port=port,
        uses_tls=uses_tls(settings),
        signer=settings.kafka_ssl_cafile,
        address_setting="KAFKA_BOOTSTRAP_SERVERS",
        signer_setting="KAFKA_SSL_CAFILE",
        with_tls="KAFKA_SECURITY_PROTOCOL to SASL_SSL or SSL",
        without_tls="KAFKA_SECURITY_PROTOCOL to PLAINTEXT",
    )


def _refusal(settings: Settings, peer: Peer) -> str | None:
    try:
        with connected(peer) as opened:
            broker = _Broker(opened)
            if settings.kafka_security_protocol is Protocol.SASL_SSL and (why := _introduce(settings, peer, broker)):
                return why
            brokers = broker.answer(MetadataRequest(version=5, topics=[])).brokers
    except (KafkaError, OSError):
        if settings.kafka_security_protocol is Protocol.SSL:
            return f"{peer} has hung up: if it asks who we are, set KAFKA_SECURITY_PROTOCOL to SASL_SSL"
        return None
    return _obstacle_behind(settings, brokers)


class _Broker:
    """Answers one request after another."""

    def __init__(self, opened: socket) -> None:
        self._socket = opened
        self._protocol = KafkaProtocol()

    def answer(self, request: Any) -> Any:
        """Raises OSError when it hangs up."""
        self._protocol.send_request(request)
        self._socket.sendall(self._protocol.send_bytes())
        answers: list[Any] = []
        while not answers:
            received = self._socket.recv(4096)
            if not received:
                raise ConnectionError("it has hung up")
            answers = self._protocol.receive_bytes(received)
        return answers[0][1]


def _introduce(settings: Settings, peer: Peer, broker: _Broker) -> str | None:
    """Say who we are, as the settings have it; returns why the broker does not take it."""
    name = str(settings.kafka_sasl_mechanism)
    known = broker.answer(SaslHandshakeRequest(version=1, mechanism=name))
    if known.error_code == UnsupportedSaslMechanismError.errno:
        return f"{peer} takes {' or '.join(known.mechanisms)}, not {name}: set KAFKA_SASL_MECHANISM"
    if known.error_code == IllegalSaslStateError.errno:
        return f"{peer} does not ask who we are: set KAFKA_SECURITY_PROTOCOL to SSL"
    try:
        mechanism = get_sasl_mechanism(name)(host=peer.host, **client_options(settings))
        while not mechanism.is_done():
            said = broker.answer(SaslAuthenticateRequest(version=0, auth_bytes=mechanism.auth_bytes()))
            if said.error_code:
                return _refused(settings, peer, said.error_message)
            mechanism.receive(said.auth_bytes)
    except (RuntimeError, AttributeError) as error:  # without botocore, or without keys
        return f"no token for {peer} can be made of the keys of AWS, if there are any: {error}"
    return None


def _refused(settings: Settings, peer: Peer, said: str) -> str:
    if uses_iam(settings):
        return f"{peer} does not let the AWS identity of this process in ({said}): see to its policy"
    user = settings.kafka_sasl_username
    return f"{peer} does not let '{user}' in with that password: set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"


def _obstacle_behind(settings: Settings, brokers: Any) -> str | None:
    """The first broker tells clients by which names all are reached, its own included."""
    found = (obstacle(_peer(settings, broker.host, broker.port)) for broker in brokers)
    said = next(filter(None, found), None)
    return said and f"Kafka lets us in, and sends us on to where its advertised.listeners say: {said}"
