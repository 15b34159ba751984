"""docs/threat-model.md names only tests that exist, and a test for everything that is said to stand."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "threat-model.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CELLS = 3


def rows() -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == CELLS and cells[0] not in ("threat", "---"):
            found.append((cells[0], cells[1], cells[2]))
    return found


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_page_has_rows() -> None:
    assert len(rows()) >= 40
    assert len({threat for threat, _, _ in rows()}) == len(rows()), "each threat has one row"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:60])
def test_each_threat_has_its_test_or_is_said_to_have_none(row: tuple[str, str, str]) -> None:
    _threat, mitigation, proof = row
    if mitigation == "—":
        assert proof == ""
        return
    named = NAMED.fullmatch(proof)
    assert named is not None, proof
    path, function = named.groups()
    assert function.startswith("test_")
    assert function in functions(ROOT / path)
