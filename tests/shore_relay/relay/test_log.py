"""The log: one line for each event, as text or as JSON, whatever a fact holds."""

import json
from pathlib import Path

import pytest

from shore_relay.relay.errors import SettingsInvalid
from shore_relay.relay.logfmt import to_stderr
from shore_relay.relay.settings import load_settings
from tests.shore_relay.relay.commanding import done
from tests.shore_relay.relay.shore import Shore


def test_a_line_of_text_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    to_stderr(lambda: 0.0)("refused", code="tcp-x", said='two\nlines "quoted"')
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        'at=1970-01-01T00:00:00.000+00:00 event=refused code=tcp-x said="two\\nlines \\"quoted\\""'
    )


def test_a_line_of_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    to_stderr(lambda: 0.0, as_json=True)("serving", http=8701, said="two\nlines")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line) == {
        "at": "1970-01-01T00:00:00.000+00:00",
        "event": "serving",
        "http": 8701,
        "said": "two\nlines",
    }


def test_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('log_format = "xml"\n')
    with pytest.raises(SettingsInvalid, match="text, json"):
        load_settings(tmp_path, {})


def test_metrics_are_told_while_no_relay_serves(shore: Shore) -> None:
    said = done(shore.folder, "metrics")
    assert "seavoice_relay_bundles_taken_total 0.0" in said
    assert "seavoice_relay_vessels_connected" not in said, "nobody can know while nobody serves"
