"""One-time codes: set up, asked for, used once; and what is no passkey's proof."""

import contextlib
import hashlib
import re

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.documents import dump, to_text
from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import NotPermitted, WrongSecondFactor
from shore_relay.desk.people import second_factor
from shore_relay.desk.people.person import Passkey
from shore_relay.desk.people.proving import prove_code, prove_passkey
from shore_relay.desk.people.ring import working
from shore_relay.desk.people.staff import add_passkey, drop_second_factor, find_person, use_codes
from tests.shore_relay.desk.people.conftest import NOW, Clock
from tests.shore_relay.desk.people.office import PEOPLE, browsing, person_id

ORIGIN = "http://localhost:8703"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(at: float, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(int(at))


def test_a_code_is_good_in_its_half_minute_and_in_the_one_beside_it() -> None:
    step = second_factor.code_step(SECRET, code_at(NOW), NOW)

    assert second_factor.code_step(SECRET, code_at(NOW - 30), NOW) == step - 1
    assert second_factor.code_step(SECRET, f" {code_at(NOW)[:3]} {code_at(NOW)[3:]} ", NOW) == step
    for code in (
        code_at(NOW - 90),
        code_at(NOW + 90),
        "",
        "12345",
        "1234567",
        "٠١٢٣٤٥",
        "abcdef",
        "9" * 5000,
    ):
        with pytest.raises(WrongSecondFactor):
            second_factor.code_step(SECRET, code, NOW)


async def test_a_code_proves_somebody_once_also_after_a_restart(office: Desk, clock: Clock) -> None:
    tom = find_person(office, "Tom")
    await use_codes(office, tom.actor, SECRET, code_at(NOW))
    tom = find_person(office, "Tom")
    # The one with which it was set up is used already.
    with pytest.raises(WrongSecondFactor, match="used already"):
        await prove_code(office, tom, code_at(NOW))
    clock.pass_s(60)
    await prove_code(office, tom, code_at(clock.unix))
    with pytest.raises(WrongSecondFactor, match="used already"):
        await prove_code(office, tom, code_at(clock.unix))
    with pytest.raises(WrongSecondFactor, match="used already"):
        await prove_code(office, tom, code_at(clock.unix - 30))
    clock.pass_s(30)
    await prove_code(office, tom, code_at(clock.unix))


async def test_the_page_sets_codes_up_and_asks_for_them_from_then_on(
    office: Desk, clock: Clock, address: str
) -> None:
    name, passphrase = PEOPLE[Role.CASEWORKER]
    async with browsing(address) as browser:
        await browser.log_in(Role.CASEWORKER)
        shown = await browser.get("/account/code")
        assert "<svg" in shown.text
        secret = re.search(r'class="digits">([A-Z2-7 ]+)<', shown.text)
        assert secret is not None
        plain = secret[1].replace(" ", "")
        assert (await browser.post("/account/code", code="000000")).status == 409
        assert find_person(office, name).code_secret == ""
        assert (await browser.post("/account/code", code=code_at(clock.unix, plain))).path == "/account"
        assert find_person(office, name).code_secret == plain
        await browser.post("/lock")
    async with browsing(address) as browser:
        half = await browser.post("/login", name=name, passphrase=passphrase)
        assert half.path == "/login/second"
        # Half way in opens nothing.
        assert (await browser.get("/")).path == "/login"
        assert (await browser.get("/account")).path == "/login"
        assert (await browser.post("/login/code", code="000000")).status == 403
        clock.pass_s(30)
        assert (await browser.post("/login/code", code=code_at(clock.unix, plain))).path == "/"
        # The half session is spent.
        assert (await browser.get("/login/second")).path == "/login"


async def test_wrong_codes_are_slowed_like_wrong_passphrases(
    office: Desk, clock: Clock, address: str
) -> None:
    name, passphrase = PEOPLE[Role.CASEWORKER]
    await use_codes(office, find_person(office, name).actor, SECRET, code_at(NOW))
    clock.pass_s(60)
    async with browsing(address) as browser:
        await browser.post("/login", name=name, passphrase=passphrase)
        statuses = [(await browser.post("/login/code", code="000000")).status for _ in range(6)]
        assert statuses == [403] * 5 + [429]
        assert (await browser.post("/login/code", code=code_at(clock.unix))).status == 429
    async with browsing(address) as browser:
        # Also for whoever begins again with the passphrase, which is right.
        assert (await browser.post("/login", name=name, passphrase=passphrase)).status == 429


async def test_the_second_step_waits_five_minutes_and_no_longer(
    office: Desk, clock: Clock, address: str
) -> None:
    name, passphrase = PEOPLE[Role.CASEWORKER]
    await use_codes(office, find_person(office, name).actor, SECRET, code_at(NOW))
    async with browsing(address) as browser:
        await browser.post("/login", name=name, passphrase=passphrase)
        clock.pass_s(300)
        assert (await browser.post("/login/code", code=code_at(clock.unix))).path == "/login"


async def test_only_oneself_or_an_administrator_removes_a_second_factor(office: Desk) -> None:
    tom, malee = (find_person(office, PEOPLE[role][0]) for role in (Role.CASEWORKER, Role.SUPERVISOR))
    await use_codes(office, tom.actor, SECRET, code_at(NOW))

    with pytest.raises(NotPermitted):
        await drop_second_factor(office, malee.actor, tom.id)
    assert find_person(office, "Tom").has_second_factor
    await drop_second_factor(office, office.actor, tom.id)
    assert not find_person(office, "Tom").has_second_factor


NOT_PROOFS = ("", "{", "[]", "null", "7", '{"rawId": 7}', '{"rawId": "AAAA"}', '{"rawId": "a2V5"}')


@pytest.mark.parametrize("credential", [*NOT_PROOFS, "x" * 30_000, "[" * 9_000])
async def test_what_is_no_proof_of_a_passkey_proves_nothing(office: Desk, credential: str) -> None:
    passkey = Passkey(id=b"key", public=b"\xa5\x01", name="token", added_at=NOW)
    await add_passkey(office, find_person(office, "Tom").actor, passkey)
    tom = working(office.keyring.keys, person_id(office, Role.CASEWORKER))

    with pytest.raises(WrongSecondFactor):
        await prove_passkey(office, tom, credential, b"challenge", ORIGIN)
    with pytest.raises(WrongSecondFactor):
        second_factor.read_new_passkey(credential, b"challenge", ORIGIN, "token", NOW)


@given(st.binary(max_size=200), st.binary(max_size=80), st.integers(min_value=0, max_value=300))
def test_a_passkeys_answer_changed_anywhere_is_refused_in_our_words(
    put_in: bytes, signature: bytes, place: int
) -> None:
    """Attestation and proof of an authenticator, with bytes put into them, and of keys that are none."""
    relying_party = hashlib.sha256(b"localhost").digest()
    key = bytes.fromhex("a5010203262001215820") + bytes(32) + bytes.fromhex("225820") + bytes(32)
    seen = relying_party + b"\x45" + bytes(20) + (3).to_bytes(2) + b"key" + key
    changed = seen[:place] + put_in + seen[place:]
    attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59" + len(changed).to_bytes(2) + changed

    def answer(kind: str, **response: bytes) -> str:
        said = {"type": f"webauthn.{kind}", "challenge": to_text(b"challenge"), "origin": ORIGIN}
        texts = {name: to_text(value) for name, value in response.items()}
        inner = texts | {"clientDataJSON": to_text(dump({**said}))}
        key_id = to_text(b"key")
        return dump({"id": key_id, "rawId": key_id, "type": "public-key", "response": {**inner}}).decode()

    with contextlib.suppress(WrongSecondFactor):
        made = answer("create", attestationObject=attestation)
        second_factor.read_new_passkey(made, b"challenge", ORIGIN, "token", NOW)
    passkey = Passkey(id=b"key", public=put_in or key, name="token", added_at=NOW)
    proof = answer("get", authenticatorData=changed[:40], signature=signature)
    with pytest.raises(WrongSecondFactor):
        second_factor.check_passkey(passkey, proof, b"challenge", ORIGIN, 0)
