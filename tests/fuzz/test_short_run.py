"""Each target for a moment, guided by coverage: a broken parser is found here, if it is easily found."""

import platform
import sys
from pathlib import Path

import pytest

from tests.fuzz.catalogue import FOUND, TARGETS, module_of
from tests.fuzz.running import Campaign, run

HAS_FUZZER = sys.platform == "linux" and platform.machine() == "x86_64"
SHORT = {"inputs": 3_000, "seconds": 1, "seed": 1}
"""The same inputs for the same code, as far as they fit the time: who changes nothing finds nothing new."""

pytestmark = pytest.mark.skipif(
    not HAS_FUZZER,
    reason="atheris has wheels for Linux on x86-64 alone; the tests of what was found run everywhere",
)


@pytest.mark.parametrize("target", TARGETS)
def test_a_short_run_breaks_nothing(target: str) -> None:
    result = run(Campaign(module=module_of(target), watched=TARGETS[target], found=FOUND / target, **SHORT))
    assert result.broke is None, f"{result.broke} broke the invariant:\n{result.said[-3_000:]}"
    assert result.inputs > 0
    assert result.edges > 0, "the fuzzer did not see the parser"


def test_a_parser_with_a_fault_is_found_and_the_input_is_kept(tmp_path: Path) -> None:
    found = tmp_path / "found"
    module = "tests.fuzz.unbounded_reader"
    result = run(
        Campaign(module=module, watched=(module,), found=found, inputs=2_000_000, seconds=20, seed=1)
    )
    assert result.broke is not None
    assert result.broke.read_bytes()[:2] == b"SV"
    assert "IndexError" in result.said


def test_a_fuzzer_that_cannot_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="could not run"):
        run(Campaign(module="tests.fuzz.nowhere", watched=(), found=tmp_path / "found", **SHORT))
