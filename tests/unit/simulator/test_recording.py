"""What is written down of the answers, and what is said if it cannot be."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import typer
from starlette.types import Message, Receive, Scope, Send
from typer.testing import CliRunner

import simulator.__main__
from simulator.recording import RecordingApp


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    """As with the fault that sends nothing."""


async def nobody_asks() -> Message:
    return {"type": "http.disconnect"}


async def nobody_listens(message: Message) -> None: ...


def test_an_answer_that_was_not_sent_is_not_written_down(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    asked = {"type": "http", "path": "/api/v3/coins/markets"}
    answer = RecordingApp(silent, file)(asked, nobody_asks, nobody_listens)
    with ThreadPoolExecutor() as pool:  # a browser of other tests has an event loop in this one
        pool.submit(asyncio.run, answer).result()
    assert file.read_text() == ""


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    command = typer.Typer()
    command.command()(simulator.__main__.main)
    file = tmp_path / "nowhere" / "answers.jsonl"
    done = CliRunner().invoke(command, ["--port", "0", "--coins", "1", "--record", str(file)])
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        f"simulator: cannot write to {file} (No such file or directory): let --record name another file"
    ]
