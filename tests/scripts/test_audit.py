"""`scripts/audit` asks about every library of the lock files; the tool itself needs the network."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^[a-z0-9][a-z0-9._-]*==[^ ]+( ;.*)? \\$")


def test_every_library_of_the_lock_is_asked_about(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "scripts").mkdir(parents=True)
    script = tree / "scripts" / "audit"
    script.write_bytes((ROOT / "scripts" / "audit").read_bytes())
    script.chmod(0o755)
    tool = tree / ".venv-audit" / "bin" / "pip-audit"
    tool.parent.mkdir(parents=True)
    tool.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@"\n')
    tool.chmod(0o755)
    said = subprocess.run([script], capture_output=True, text=True, check=True, env=os.environ, timeout=60)
    asked = said.stdout.splitlines()
    named = [word for at, word in enumerate(asked) if asked[at - 1] == "--requirement"]
    assert named == sorted(path.name for path in ROOT.glob("requirements*.lock"))[::-1]
    assert "--require-hashes" in asked


def test_every_line_of_a_lock_is_pinned_with_digests() -> None:
    for path in ROOT.glob("requirements*.lock"):
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith((" ", "#"))]
        assert lines
        assert [line for line in lines if not PINNED.match(line)] == []
