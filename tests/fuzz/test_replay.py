"""What fuzzing began with and what it found, tried again without a fuzzer, on every machine."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from protocol import errors
from tests.fuzz.catalogue import FOUND, TARGETS, found_inputs, module_of
from tests.fuzz.cli import invariant_of, main
from tests.fuzz.running import ROOT
from tests.fuzz.target import Target, hold_to_manners

FOUND_INPUTS = [
    pytest.param(target, path, id=f"{target}: {path.name}")
    for target in TARGETS
    for path in found_inputs(target)
]


def load(target: str) -> Target:
    loaded = import_module(module_of(target)).TARGET
    assert isinstance(loaded, Target)
    return loaded


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_keeps_the_invariant(name: str) -> None:
    target = load(name)
    seeds = list(target.seeds())
    assert seeds
    for seed in (b"", b"\0", *seeds):
        target.check(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_some_seed_is_small_enough_for_the_fuzzer_to_keep_whole(name: str) -> None:
    target = load(name)
    assert any(0 < len(seed) <= target.largest_bytes for seed in target.seeds())


@pytest.mark.parametrize(("name", "path"), FOUND_INPUTS)
def test_what_once_broke_an_invariant_keeps_it_now(name: str, path: Path) -> None:
    load(name).check(path.read_bytes())


def test_every_folder_of_findings_belongs_to_a_target() -> None:
    assert {folder.name for folder in FOUND.iterdir() if folder.is_dir()} <= TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_states_its_invariant_in_one_sentence(name: str) -> None:
    assert re.fullmatch(r"[^.].+\.", invariant_of(name))


def test_a_target_of_that_name_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-parser"]) == 2
    assert "--list" in capsys.readouterr().err


@pytest.mark.parametrize("sentence", ["", "x" * 10_000, "half a character: \ud800"])
def test_a_refusal_that_cannot_be_shown_breaks_an_invariant(sentence: str) -> None:
    with pytest.raises((AssertionError, UnicodeEncodeError)):
        hold_to_manners(errors.MalformedFrame(sentence))


@pytest.mark.parametrize("name", TARGETS)
def test_the_document_has_a_row_for_each_target_with_its_invariant(name: str) -> None:
    document = (ROOT / "docs" / "fuzzing.md").read_text(encoding="utf-8")
    assert f"| `{name}` | {invariant_of(name)} |" in document
