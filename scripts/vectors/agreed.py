"""Vectors of rekeys and desk keys: SPEC §3.5, §5.4."""

from collections.abc import Callable

from protocol import bundle as bundles
from protocol import caps, chains, deskkeys, linkguard, origin, rekey
from protocol.bundle import Keys, OperatorSettings
from protocol.caps import SignedCap
from protocol.deskkeys import DeskKey
from protocol.ids import UnixSeconds
from protocol.wire import WireValue, pack
from scripts.vectors.entries import (
    BOX,
    CREATED_AT,
    DESK,
    OTHER_DESK,
    OTHER_VESSEL,
    RELAY,
    SECRET,
    SIGNER,
    VESSEL,
    Entry,
    entry,
    fixed,
    flipped,
    plain,
    refused,
)


def rekeys(kept: Callable[[str, Callable[[], Entry]], Entry]) -> list[Entry]:
    """Return the vectors of SPEC §3.5; what is sealed is kept from one run to the next."""
    key, ephemeral, fresh = linkguard.rekey_secret(SECRET), fixed("ephemeral"), fixed("fresh secret")
    relay_public = origin.public_half(RELAY)
    key_id = fixed("key in use")[: linkguard.KEY_ID_BYTES]

    def make() -> Entry:
        request = rekey.make_request(VESSEL, key_id, key, relay_public, ephemeral)
        answer = rekey.make_answer(rekey.open_request(request, RELAY), key, fresh, met=True)
        return entry(
            "exchange",
            rekey_key=key,
            relay_private=RELAY,
            relay_public=relay_public,
            vessel=VESSEL,
            key_id=key_id,
            ephemeral_private=ephemeral,
            ephemeral_public=origin.public_half(ephemeral),
            request=request,
            new_secret=fresh,
            met=1,
            answer=answer,
        )

    exchange = kept("exchange", make)
    request, answer = (bytes.fromhex(str(exchange[name])) for name in ("request", "answer"))
    not_authentic = {"refused_by": plain(refused("rekey", "not-authentic"))}
    ask = {name: exchange[name] for name in ("rekey_key", "relay_private", "request")}
    told = {name: exchange[name] for name in ("rekey_key", "ephemeral_private", "answer")}
    return [
        exchange,
        ask | not_authentic | {"name": "request, one bit flipped", "request": flipped(request).hex()},
        ask | not_authentic | {"name": "request, truncated", "request": request[:-1].hex()},
        ask | not_authentic | {"name": "request to another relay", "relay_private": OTHER_DESK.hex()},
        ask | not_authentic | {"name": "request under another key", "rekey_key": OTHER_DESK.hex()},
        told | not_authentic | {"name": "answer, one bit flipped", "answer": flipped(answer).hex()},
        told | not_authentic | {"name": "answer to another request", "ephemeral_private": BOX.hex()},
        told | not_authentic | {"name": "answer under another key", "rekey_key": OTHER_DESK.hex()},
    ]


def key_lists() -> list[Entry]:
    """Return the vectors of SPEC §5.4."""
    epochs = tuple(
        DeskKey(
            public=origin.public_half(fixed(f"epoch {number}")),
            not_before=UnixSeconds(1_760_000_000 + number * 1_000),
            not_after=UnixSeconds(1_760_002_000 + number * 1_000),
        )
        for number in range(3)
    )
    bundle = deskkeys.sign_keys(epochs, SIGNER, CREATED_AT)
    signer_public = _signing_public(SIGNER)
    other = deskkeys.sign_keys(epochs, OTHER_DESK, CREATED_AT)
    base = {"signing_public": signer_public}
    no = {"refused_by": refused("deskkeys", "not-authentic")}
    made = {"signing_private": SIGNER, "issued_at": CREATED_AT, "keys": epochs}
    expired = {"refused_by": refused("deskkeys", "desk-key-expired")}
    changed = Keys(desk=bundle.desk, signature=bundle.signature, signed=flipped(bundle.signed))
    return [
        entry("signed list", **base, **made, bundle=bundle, bytes=bundles.encode(bundle)),
        entry("first epoch", keys=epochs, at=1_760_000_999, use=epochs[0].id),
        entry("newest of two", keys=epochs, at=1_760_001_500, use=epochs[1].id),
        entry("before all epochs", keys=epochs, at=1_759_999_999, **expired),
        entry("after all epochs", keys=epochs, at=1_760_004_000, **expired),
        entry("one bit of the list flipped", **base, bundle=changed, **no),
        entry("signed by another desk", **base, bundle=other, **no),
    ]


def cap_lists() -> list[Entry]:
    """Return the vectors of SPEC §5.5."""
    listed = (
        SignedCap(bearer="tcp", money_nano=20_500_000_000, size_bytes=None),
        SignedCap(bearer="udp", money_nano=None, size_bytes=1_000_000),
        SignedCap(bearer="websocket", money_nano=0, size_bytes=0),
    )
    bundle = caps.sign_caps(listed, SIGNER, VESSEL, CREATED_AT)
    none = caps.sign_caps((), SIGNER, VESSEL, CREATED_AT)
    base = {"operator_public": _signing_public(SIGNER), "vessel": VESSEL}
    made = {"signing_private": SIGNER, "issued_at": CREATED_AT}
    no = {"refused_by": refused("caps", "not-authentic")}
    entries = [
        entry("caps", **base, **made, caps=listed, bundle=bundle, bytes=bundles.encode(bundle)),
        entry("no caps", **base, **made, caps=(), bundle=none, bytes=bundles.encode(none)),
        entry("for another vessel", **base | {"vessel": OTHER_VESSEL}, bundle=bundle, **no),
        entry("signed by another", **base, bundle=caps.sign_caps(listed, DESK, VESSEL, CREATED_AT), **no),
        entry(
            "one bit of the list flipped",
            **base,
            bundle=OperatorSettings(signature=bundle.signature, signed=flipped(bundle.signed)),
            **no,
        ),
    ]
    wrong: list[tuple[str, WireValue]] = [
        ("a negative cap", (CREATED_AT, (b"tcp", -1, None))),
        ("a cap too large to count", (CREATED_AT, (b"tcp", 2**62 + 1, None))),
        ("a bearer without a name", (CREATED_AT, (b"", 1, None))),
        ("a bearer's name that cannot be shown", (CREATED_AT, (b"\x00", 1, None))),
        ("a cap with too few values", (CREATED_AT, (b"tcp", 1))),
        ("seventeen caps", (CREATED_AT, *((b"tcp", 1, None),) * 17)),
        ("no date", ((b"tcp", 1, None),)),
    ]
    for name, value in wrong:
        entries.append(
            entry(name, **base, bundle=_signed(pack(value)), refused_by=refused("caps", "malformed-bundle"))
        )
    return entries


def chain_lists() -> list[Entry]:
    """Return the vectors of SPEC §5.6; no parser of certificates takes part, so any bytes will do."""
    chain = (fixed("certificate") * 4, fixed("authority") * 3)
    bundle = chains.sign_chain(chain, SIGNER, VESSEL, CREATED_AT)
    base = {"operator_public": _signing_public(SIGNER), "vessel": VESSEL}
    made = {"signing_private": SIGNER, "issued_at": CREATED_AT}
    no = {"refused_by": refused("chains", "not-authentic")}
    malformed = {"refused_by": refused("chains", "malformed-bundle")}
    flipped_list = OperatorSettings(signature=bundle.signature, signed=flipped(bundle.signed))
    wrong: list[tuple[str, WireValue]] = [
        ("no certificate", (CREATED_AT,)),
        ("an empty certificate", (CREATED_AT, b"")),
        ("a certificate too large", (CREATED_AT, bytes(4_097))),
        ("five certificates", (CREATED_AT, *(b"x",) * 5)),
        ("a cap behind a certificate", (CREATED_AT, b"x", (b"tcp", 1, None))),
    ]
    return [
        entry("chain", **base, **made, chain=chain, bundle=bundle, bytes=bundles.encode(bundle)),
        entry("for another vessel", **base | {"vessel": OTHER_VESSEL}, bundle=bundle, **no),
        entry("signed by another", **base, bundle=chains.sign_chain(chain, DESK, VESSEL, CREATED_AT), **no),
        entry("one bit of the list flipped", **base, bundle=flipped_list, **no),
        *(entry(name, **base, bundle=_signed(pack(value)), **malformed) for name, value in wrong),
    ]


def _signed(listed: bytes) -> OperatorSettings:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    signer = Ed25519PrivateKey.from_private_bytes(SIGNER)
    label = b"seavoice v1 operator settings" + VESSEL
    return OperatorSettings(signature=signer.sign(label + listed), signed=listed)


def _signing_public(private: bytes) -> bytes:
    # Only `deskkeys` and this line need Ed25519, so no function of the protocol offers it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
