"""Kafka's own id of the topic, kept beside a checkpoint: a topic that is made anew under its name has another one."""

from kafka import KafkaAdminClient
from pyarrow.fs import FileSystem

from coinloom.settings import Settings
from ingestion.clients import opened
from stores.kafka import client_options
from stores.lake_files import arrow_address


def topic_id(settings: Settings) -> str:
    """Empty if the broker tells none, as those before Kafka 2.8. Raises KafkaError."""
    with opened(KafkaAdminClient, **client_options(settings)) as admin:
        [topic] = admin.describe_topics([settings.kafka_topic])
    return topic.get("topic_id") or ""


class NotedId:
    """A file in the folder of the checkpoint: who removes that removes it, too."""

    def __init__(self, checkpoint: str) -> None:
        self._lake, self._folder = FileSystem.from_uri(arrow_address(checkpoint))
        self._file = f"{self._folder}/topic_id"

    def read(self) -> str:
        """Empty if there is none: an earlier release noted none, or a kill came between making and filling the file."""
        if not self._lake.get_file_info(self._file).is_file:
            return ""
        with self._lake.open_input_stream(self._file) as file:
            return bytes(file.read()).decode()

    def write(self, topic_id: str) -> None:
        """Raises OSError."""
        self._lake.create_dir(self._folder)
        with self._lake.open_output_stream(self._file) as file:
            file.write(topic_id.encode())
