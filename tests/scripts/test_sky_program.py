import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.sky.cli import main


@pytest.fixture
def target() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        yield server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_relays_until_a_signal_and_leaves_its_counts(
    target: socket.socket, tmp_path: Path, number: signal.Signals
) -> None:
    stats, port = tmp_path / "sky.jsonl", target.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "scripts.sky.cli",
        "stream",
        "0",
        f"{port}",
        "--bps",
        "240000",
        "--delay",
        ".01",
        "--stats",
        f"{stats}",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        listening = int(program.stdout.readline().split("on port ")[1].split(",")[0])
        with socket.create_connection(("127.0.0.1", listening), timeout=5) as caller:
            caller.sendall(b"mayday")
            answerer, _ = target.accept()
            with answerer:
                answerer.settimeout(5)
                assert answerer.recv(6, socket.MSG_WAITALL) == b"mayday"
                program.send_signal(number)
                assert program.wait(timeout=5) == 0
        assert program.stderr.read() == ""
    lines = [json.loads(line) for line in stats.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["start", "connected", "end"]
    assert lines[-1]["up_delivered_bytes"] == 6
    assert lines[-1]["connections"] == 1


def test_the_program_ends_by_itself_and_tells_of_cuts_in_sky_time(
    target: socket.socket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stats, port = tmp_path / "sky.jsonl", target.getsockname()[1]
    options = f"--cut 6:2 --speed 20 --every 2 --seconds 12 --stats {stats}"
    assert main(["datagram", "0", f"127.0.0.1:{port}", *options.split()]) == 0
    assert "datagram on port" in capsys.readouterr().out
    lines = [json.loads(line) for line in stats.read_text().splitlines()]
    events = [line["event"] for line in lines]
    assert "tick" in events
    assert [event for event in events if event != "tick"] == ["start", "cut", "restored", "end"]
    cut = next(line for line in lines if line["event"] == "cut")
    assert cut["at_s"] >= 6


def test_a_port_in_use_ends_the_program_with_one_sentence(
    target: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    port = target.getsockname()[1]
    assert main(["stream", f"{port}", "1"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"satellite: Port {port} on 127.0.0.1 is already in use; choose another port")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ("--up 5", "Give --up together with --down"),
        ("--up 5 --down 5 --cut 1:1", "or else single cuts"),
        ("--random", "give those too"),
        ("--up 5 --down 5 --random --first 1", "leave out one"),
        ("--every 0", "above 0"),
        ("--loss 2", "probability from 0 to 1"),
        ("--stats /nowhere/sky.jsonl", "name another file"),
    ],
)
def test_wrong_options_are_refused_with_advice(
    options: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["datagram", "0", "1", *options.split()]) == 2
    assert advice in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "advice"), [("0 x", "write PORT or HOST:PORT"), ("0 1 --cut 5", "write START:LENGTH")]
)
def test_unreadable_words_are_refused_with_advice(
    arguments: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["stream", *arguments.split()])
    assert advice in capsys.readouterr().err
