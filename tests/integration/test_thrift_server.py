"""What Spark's Thrift Server needs beyond pyspark's own jars."""

import subprocess
from pathlib import Path

from coinloom.settings import read_settings
from stack.jars import SPARK_JARS, fetch_thrift_server_jars
from stack.java import java_executable

LOADS_HIVES_FUNCTIONS = """
class LoadsHivesFunctions {
    public static void main(String[] arguments) throws Exception {
        Class.forName("org.apache.hadoop.hive.ql.exec.FunctionRegistry");
    }
}
"""


def test_hives_registry_of_functions_finds_all_its_classes(tmp_path: Path) -> None:
    """A session that ends while another one does loads it: if it cannot, the server drops the connection."""
    source = tmp_path / "LoadsHivesFunctions.java"
    source.write_text(LOADS_HIVES_FUNCTIONS)
    opened = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in ("lang", "net", "util")]
    jars = f"{SPARK_JARS}/*:{fetch_thrift_server_jars(read_settings().jars)}/*"
    done = subprocess.run(
        [java_executable(), *opened, "-cp", jars, str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
