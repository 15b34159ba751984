"""Writes every file of vectors and SPEC.md's worked example anew."""

from pathlib import Path

from scripts.vectors.example import write_example
from scripts.vectors.files import read_report, write_all

if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2]
    write_all(root / "tests" / "vectors")
    write_example(root / "protocol" / "SPEC.md", read_report(root / "tests" / "vectors"))
