"""Certificates for vessels' phones: looked at first, then signed and carried behind everything else."""

import contextlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from protocol.bundle import OperatorSettings
from protocol.chains import check_chain
from protocol.frames import Priority
from protocol.provisioning import Provisioning
from shore_relay.relay import admin
from shore_relay.relay.app import unix_time
from shore_relay.relay.chain_file import read_chain
from shore_relay.relay.cli import main
from shore_relay.relay.errors import ChainUnusable, UnknownVessel
from tests.certificates import Authority, der, key_pem, make_key, pem
from tests.shore_relay.relay.box import Box, introduction
from tests.shore_relay.relay.shore import Shore, entropy

NAME = "box.fleet.org"
PUBLIC_CHAIN_BYTES_MAX = 2_600
"""What a fleet pays for: an elliptic certificate and the authority above it."""


def write(folder: Path, data: bytes) -> Path:
    path = folder / "fullchain.pem"
    path.write_bytes(data)
    return path


async def test_a_chain_reaches_the_vessel_signed_and_in_der(shore: Shore, box: Box, tmp_path: Path) -> None:
    chain = Authority().sign(make_key().public_key(), NAME)
    found = read_chain(write(tmp_path, pem(chain)), unix_time())
    assert found.names == (NAME,)
    assert found.size_bytes <= PUBLIC_CHAIN_BYTES_MAX
    await admin.send_chain(shore.folder, shore.settings, "Mercy", found.chain, entropy, unix_time())
    box.offer(1, introduction())
    async with shore.serving() as relay, box.over_tcp(relay.tcp_port):
        (event,) = await box.arrived()
    assert isinstance(event.bundle, OperatorSettings)
    assert event.priority is Priority.CLEAR_VOICE
    public, vessel = box.provisioning.operator_public, box.provisioning.vessel
    assert check_chain(event.bundle, public, vessel)[1] == der(chain)


async def test_the_root_stays_ashore(tmp_path: Path) -> None:
    authority = Authority()
    chain = authority.sign(make_key().public_key(), NAME)
    path = write(tmp_path, pem([*chain, authority.root]))
    assert read_chain(path, unix_time()).chain == der(chain)


async def test_a_vessel_that_is_not_known_gets_none(shore: Shore, provisioning: Provisioning) -> None:
    with pytest.raises(UnknownVessel, match="no vessel Nobody"):
        await admin.send_chain(shore.folder, shore.settings, "Nobody", (b"x",), entropy, unix_time())


def _disordered() -> bytes:
    chain = Authority().sign(make_key().public_key(), NAME)
    stranger = Authority().sign(make_key().public_key(), NAME)
    return pem([chain[0], stranger[1]])


def _of_another_time(**days: float) -> bytes:
    ends = datetime.now(UTC) + timedelta(**days)
    return pem(Authority().sign(make_key().public_key(), NAME, begins=ends - timedelta(days=5), ends=ends))


def _five() -> bytes:
    chain = Authority().sign(make_key().public_key(), NAME)
    return pem([*chain, chain[0], chain[0], chain[0]])


def _many_names() -> bytes:
    names = [f"box{number}.fleet{number}.org" for number in range(250)]
    return pem(Authority().sign(make_key().public_key(), *names))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: b"", "no certificate in PEM form"),
        (
            lambda: b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            "no certificate in PEM form",
        ),
        (lambda: key_pem(make_key()), "holds a private key"),
        (lambda: bytes(100_001), "too large"),
        (lambda: pem([Authority().root]), "names no host"),
        (lambda: _of_another_time(days=-1), "which is not today"),
        (lambda: _of_another_time(days=30), "which is not today"),
        (_disordered, "do not follow from each other"),
        (_five, "more than 4 certificates"),
        (_many_names, "more than 4096 bytes"),
    ],
)
def test_what_no_phone_would_take_costs_no_link(
    tmp_path: Path, content: Callable[[], bytes], said: str
) -> None:
    with pytest.raises(ChainUnusable, match=said):
        read_chain(write(tmp_path, content()), unix_time())


def test_the_command_says_what_it_sends_and_what_it_costs(shore: Shore, box: Box, tmp_path: Path) -> None:
    path = write(tmp_path, pem(Authority().sign(make_key().public_key(), NAME)))
    code, said, _ = run(shore.folder, "Mercy", str(path))
    assert code == 0
    assert NAME in said
    assert "bytes, behind everything else" in said
    assert run(shore.folder, "Mercy", str(tmp_path / "missing.pem"))[0] == 23
    assert "cannot be read" in run(shore.folder, "Mercy", str(tmp_path))[2]


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    said, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
        code = main(["vessel", "certificate", *arguments, "--data", str(folder)])
    return code, said.getvalue(), errors.getvalue()
