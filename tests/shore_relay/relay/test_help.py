"""`--help` as a manual page would be: each command has examples that parse, exit codes, and completion."""

import argparse
import shlex
import subprocess
from pathlib import Path

import pytest

from shore_relay.relay.commands.all import COMMANDS, parser
from shore_relay.relay.commands.frame import PROGRAM, Command
from shore_relay.relay.errors import EXIT_CODES
from tests.shore_relay.relay.commanding import done

LINE_CHARACTERS_MAX = 120


def helped(command: Command, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args([*command.words, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_help_has_examples_and_every_exit_code(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    text = helped(command, capsys)
    assert command.examples
    assert "examples:" in text
    assert "exit codes:" in text
    for error in command.errors:
        assert f"\n  {EXIT_CODES[error]} " in text
    assert all(len(line) <= LINE_CHARACTERS_MAX for line in text.splitlines())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_every_example_can_be_typed(command: Command) -> None:
    for example in command.examples:
        typed = shlex.split(example.line.partition(" >")[0].partition(" |")[0])
        words = typed[typed.index(PROGRAM) + 1 :]
        assert tuple(words[: len(command.words)]) == command.words
        assert parser().parse_args(words).run is command.run


def test_the_overall_help_names_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args(["--help"])
    text = capsys.readouterr().out
    assert all(f"\n  {code} " in text for code in EXIT_CODES.values())


def test_no_two_commands_are_the_same() -> None:
    assert len({command.words for command in COMMANDS}) == len(COMMANDS)
    assert isinstance(parser(), argparse.ArgumentParser)


def test_a_shell_completes_commands(tmp_path: Path) -> None:
    script = tmp_path / "complete.bash"
    script.write_text(done(tmp_path, "completion", "bash"))
    asked = (
        f"source {script}; COMP_WORDS=({PROGRAM} ves); COMP_CWORD=1; "
        f'$(complete -p {PROGRAM} | sed "s/.*-F \\([^ ]*\\).*/\\1/"); echo "${{COMPREPLY[@]}}"'
    )
    found = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.split() == ["vessel"]
