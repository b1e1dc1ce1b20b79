from pathlib import Path

import pytest

from benchmarks import servers
from benchmarks.servers import AnotherBenchmark, own_bench_home


def test_a_second_benchmark_leaves_the_first_ones_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "bench"
    monkeypatch.setattr(servers, "bench_home", lambda: home)

    with own_bench_home():
        home.mkdir()
        with pytest.raises(AnotherBenchmark, match="let it end"), own_bench_home():
            pass
        assert home.exists()

    assert not home.exists()
