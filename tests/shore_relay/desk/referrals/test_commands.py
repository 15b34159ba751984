"""Two desks at the command line: cards, a referral, its reply, a revocation, money, a buyer's statistics."""

import json
import stat
from pathlib import Path

import pytest

from protocol.voicepack import VoiceCodec
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.test_cli import Capture, Terminal, boat, relay, run

__all__ = ["boat", "relay", "run"]


@pytest.fixture
def filled(run: Terminal, boat: Boat, relay: SmallRelay) -> Terminal:
    """A desk whose case 1 has a text (1) and a voice note (2) of a confirmed vessel."""
    relay.put(boat.introduction(), boat.text("Tell a lawyer of me."), boat.voice(VoiceCodec.CODEC2_2400))
    assert run("cases")[0] == 0
    assert run("confirm", "Blue Dolphin", "--yes", boat.fingerprint)[0] == 0
    return run


def digits_in(said: str) -> str:
    """The fingerprint that a command says, on a line of its own."""
    return next(line.strip() for line in said.splitlines() if line.startswith("    "))


@pytest.fixture
def lawyers(filled: Terminal, tmp_path: Path, capsys: Capture) -> Terminal:
    """The other desk, which this one knows and has confirmed."""
    other = Terminal(tmp_path / "lawyers", capsys)
    assert other("init", "--name", "Sea Lawyers")[0] == 0
    card = str(tmp_path / "lawyers.card")
    digits = digits_in(other("partner-card", "--out", card)[1])
    assert filled("partners", "add", card, "--kind", "legal")[0] == 0
    assert filled("partners", "confirm", "Sea Lawyers")[0] == 91
    assert filled("partners", "confirm", "Sea Lawyers", "--yes", digits)[0] == 0
    return other


REFER = (
    "refer",
    "1",
    "--partner",
    "sea lawyers",
    "--message",
    "1",
    "--message",
    "2",
    "--sounds",
    "--money",
    "1",
)
CONSENT = ("--consent-message", "1")


def test_a_referral_goes_out_is_opened_answered_and_taken_in(
    filled: Terminal, lawyers: Terminal, tmp_path: Path
) -> None:
    money = (
        "--kind",
        "debt",
        "--amount",
        "1500.5",
        "--currency",
        "usd",
        "--party",
        "U Ba",
        "--role",
        "lender",
    )
    assert filled("money", "add", "1", *money, "--message", "1", "--since", "2026-03-01")[0] == 0
    sealed, answer = tmp_path / "one.seavoice", tmp_path / "reply.seavoice"
    assert filled(*REFER, "--out", str(sealed))[0] == 92
    code, shown, _ = filled(*REFER, *CONSENT)
    assert (code, "Tell a lawyer of me." in shown, "Nothing has left." in shown) == (0, True, True)
    assert not sealed.exists()
    assert filled(*REFER, *CONSENT, "--out", str(sealed))[0] == 0
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600

    code, _, complaint = lawyers("open", str(sealed))
    assert (code, "calls itself Harbour Aid" in complaint) == (91, True)
    home = digits_in(filled("partner-card", "--out", str(tmp_path / "home.card"))[1])
    code, out, _ = lawyers("open", str(sealed), "--yes", home, "--reply", str(answer))

    assert (code, "Tell a lawyer of me." in out) == (0, True)
    assert "1500.50 USD, 2026-03-01, Lender U Ba" in out
    assert "Received" in filled("referral-status", str(answer))[1]
    assert filled("referral-status", str(answer))[0] == 96
    assert lawyers("received", "reply", "1", "accepted", "--words", "Call me.", "--out", str(answer))[0] == 0
    assert "Call me." in filled("referral-status", str(answer))[1]
    case = json.loads(filled("case", "1", "--json")[1])
    assert case["referrals"][0]["state"] == "accepted"
    assert filled("verify")[0] == 0
    reference = case["referrals"][0]["id"]
    assert filled("referral-revoke", reference[:8], "--out", str(tmp_path / "no"))[0] == 98
    facts, sounds = tmp_path / "facts.csv", tmp_path / "sounds"
    shown = lawyers("received", "show", "1", "--money", str(facts), "--sounds", str(sounds), "--json")[1]
    assert json.loads(shown)["from"] == "Harbour Aid"
    assert "1500.50" in facts.read_text(encoding="utf-8-sig")
    assert (sounds / "message-2.wav").read_bytes().startswith(b"RIFF")
    assert json.loads(lawyers("received", "list", "--json")[1])["received"][0]["state"] == "accepted"
    _revoked_in_time(filled, lawyers, tmp_path)


def _revoked_in_time(filled: Terminal, lawyers: Terminal, tmp_path: Path) -> None:
    sealed, revocation = tmp_path / "two.seavoice", tmp_path / "revocation.seavoice"
    words = ("--consent-words", "She agreed when I called.")
    assert filled("refer", "1", "--partner", "1", "--message", "1", *words, "--out", str(sealed))[0] == 0
    given = json.loads(filled("referrals", "--json")[1])["referrals"]
    reference = next(one["id"] for one in given if one["state"] == "sent")
    assert "Tell a lawyer of me." in filled("referrals", reference[:6])[1]
    assert filled("referral-revoke", reference[:6], "--out", str(revocation))[0] == 0
    assert "will not be opened" in lawyers("open", str(revocation))[1]
    assert lawyers("open", str(sealed))[0] == 97
    assert lawyers("open", str(tmp_path / "home.card"))[0] == 16
    assert filled("open", str(sealed))[0] == 95


def test_money_and_trade_are_written_out_on_consent_and_a_buyer_gets_statistics(
    filled: Terminal, tmp_path: Path
) -> None:
    out = tmp_path / "facts.json"
    assert filled("money", "add", "1", "--kind", "debt", "--amount", "1,000", "--currency", "USD")[0] == 72
    assert (
        filled("money", "add", "1", "--kind", "account", "--account", "12-3", "--institution", "Bank")[0] == 0
    )
    export = ("money", "export", "1", "--format", "json", "--out", str(out))
    assert filled(*export, "--consent-note", "4")[0] == 92
    assert filled(*export, *CONSENT)[0] == 0
    (fact,) = json.loads(out.read_text())["transactions"]
    assert (fact["account"], fact["amount"], fact["currency_code"]) == ("12-3", "", "")
    assert filled("money", "drop", "1", "1")[0] == 0
    assert "Nothing is written down" in filled("money", "list", "1")[1]

    assert filled("trade", "add", "1", "--kind", "catch-batch", "LOT 7")[0] == 0
    assert "Catch batch: LOT 7" in filled("trade", "list", "1")[1]
    # Any desk can be a partner, this one too.
    card = str(tmp_path / "card")
    digits = digits_in(filled("partner-card", "--out", card)[1])
    assert filled("partners", "add", card, "--kind", "buyer", "--name", "Shop", "--yes", digits)[0] == 0
    assert digits in filled("partners", "list")[1]
    buyer = ("release-statistics", "2026-Q1", "--partner", "shop")
    assert filled(*buyer, "--reference", "LOT 8")[0] == 18
    assert "perhaps none" in filled(*buyer, "--reference", "lot 7")[1]
    assert filled(*buyer, "--vessel", "Blue Dolphin", "--out", str(out))[0] == 0
    assert "2026-Q1: Blue Dolphin" in filled("open", str(out))[1]
    assert filled("trade", "drop", "1", "1")[0] == 0
    assert filled("partners", "remove", "Shop")[0] == 0
    assert filled(*buyer, "--out", str(out))[0] == 90
