"""Whoever takes the disk gets bytes: no name, no word, no passphrase, no secret of any second factor."""

import base64

import pyotp

from protocol.documents import to_text
from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.people.person import Passkey
from shore_relay.desk.people.recovery import adopt_kit, make_kit
from shore_relay.desk.people.staff import add_passkey, add_person, find_person, revoke, start_anew, use_codes
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.settings import Settings
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.people.office import PEOPLE, staffed
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def forms(text: str) -> set[bytes]:
    """A text as it might lie about: in any common encoding, whole or as the longest word of it."""
    longest = max(text.split(), key=len)
    plain = {text, longest, text.casefold(), longest.casefold()}
    every = {one.encode(code) for one in plain for code in ("utf-8", "utf-16-le", "utf-16-be")}
    every |= {one.encode("unicode_escape") for one in plain}
    return every | {base64.b64encode(one.encode()).rstrip(b"=") for one in plain}


def raw_forms(data: bytes) -> set[bytes]:
    return {data, data.hex().encode(), base64.b64encode(data).rstrip(b"="), to_text(data).encode()}


async def test_no_byte_of_the_data_folder_says_who_works_there_or_opens_anything(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    desk.keyring.change(staffed)
    await receive(desk, client, relay, boat, boat.introduction(), boat.text("The skipper Somchai beats us."))
    added, start = await add_person(desk, desk.actor, "Kanya Wongsuwan", Role.CASEWORKER)
    start_again = await start_anew(desk, desk.actor, added.id)
    tom = find_person(desk, "Tom").actor
    await use_codes(desk, tom, SECRET, pyotp.TOTP(SECRET).at(desk.now()))
    passkey = Passkey(
        id=bytes(range(40, 72)), public=bytes(range(77)), name="blue telephone", added_at=desk.now()
    )
    await add_passkey(desk, tom, passkey)
    kit, shares = make_kit(2, 3, desk.now())
    await adopt_kit(desk, desk.actor, kit)
    revoked = find_person(desk, PEOPLE[Role.SUPERVISOR][0])
    await revoke(desk, desk.actor, revoked.id)
    relay.put(boat.text("And again on Friday, says Anong."))
    async with open_desk(desk.data, PASSPHRASE, Settings(relay=relay.url), person="desk") as again:
        assert len(again.keyring.keys.store_keys) == 2

    keys = desk.keyring.keys
    texts = [
        "The skipper Somchai beats us.",
        "Harbour Aid",
        "Blue Dolphin",
        "Kanya Wongsuwan",
        "blue telephone",
        start,
        start_again,
        *(" ".join(share.words) for share in shares),
        *(text for pair in PEOPLE.values() for text in pair if text not in ("desk", "Tom")),
    ]
    secrets = [
        base64.b32decode(SECRET),
        passkey.id,
        passkey.public,
        keys.signing_private,
        *keys.store_keys,
        *(epoch.private for epoch in keys.epochs),
        desk.keyring.change(lambda ring: ring).team_key,
    ]
    held = {path.name: path.read_bytes() for path in desk.data.rglob("*") if path.is_file()}
    assert sum(map(len, held.values())) > 30_000
    for name, data in held.items():
        for text in texts:
            for form in forms(text):
                assert form not in data, f"{name} tells {text}"
        assert SECRET.encode() not in data
        assert b'"Tom"' not in data
        for secret in secrets:
            for form in raw_forms(secret):
                assert form not in data, f"{name} holds a secret"
        for role in Role:
            # There is a table of partner organisations, whose name says nothing of anybody.
            told = f'"{role.value}"' if role is Role.PARTNER else role.value
            assert told.encode() not in data, f"{name} tells a role"


def test_the_search_would_find_a_name_that_lies_there() -> None:
    for planted in (b"..Wongsuwan..", "Wongsuwan".encode("utf-16-le"), b"S2FueWEgV29uZ3N1d2Fu"):
        assert any(form in planted for form in forms("Kanya Wongsuwan"))
