"""Who signs certificates, and a server that has one."""

from collections.abc import Iterator

import pytest

from tests.certificates import Authority
from tests.unit.stores.servers import listening


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="package")
def encrypted(authority: Authority) -> Iterator[int]:
    with listening(authority.certificate()) as port:
        yield port
