"""Fuzzes one target in a process of its own, as the library wants it: `scripts/fuzz` starts it."""

import argparse
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from random import Random

import atheris

from tests.fuzz.instrument import watching
from tests.fuzz.target import Target


def main(arguments: Sequence[str]) -> None:
    """Run until an input breaks the invariant, or the inputs or the time are used up."""
    asked = _parser().parse_args(arguments)
    with watching(asked.watch):
        target = import_module(asked.module).TARGET
    assert isinstance(target, Target)
    corpus = asked.scratch / "corpus"
    corpus.mkdir()
    for seed in target.seeds():
        (corpus / sha256(seed).hexdigest()).write_bytes(seed)
    flags = [
        f"-max_len={target.largest_bytes}",
        f"-runs={asked.inputs}",
        f"-max_total_time={asked.seconds}",
        f"-timeout={asked.patience}",
        f"-rss_limit_mb={asked.memory}",
        f"-artifact_prefix={asked.found}/",
        f"-seed={asked.seed}",
        "-use_value_profile=1",
        "-print_final_stats=1",
    ]
    if target.words:
        words = asked.scratch / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
        flags.append(f"-dict={words}")
    _fuzz(target, [sys.argv[0], *flags, str(corpus)])


def _fuzz(target: Target, flags: list[str]) -> None:
    remake = target.remake
    if remake is None:
        atheris.Setup(flags, target.check)
    else:

        def mutated(data: bytes, size_bytes_max: int, seed: int) -> bytes:
            def mutate(part: bytes) -> bytes:
                changed: bytes = atheris.Mutate(part, max(size_bytes_max, len(part)))
                return changed

            random = Random(seed)
            # Half of the inputs stay as raw as a stranger's: the refusals before the tag count, too.
            if random.getrandbits(1):
                return mutate(data)[:size_bytes_max]
            return remake(data, mutate, random)[:size_bytes_max]

        atheris.Setup(flags, target.check, custom_mutator=mutated)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("--watch", action="append", default=[])
    parser.add_argument("--inputs", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--patience", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--found", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
