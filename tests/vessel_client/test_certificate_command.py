"""`seavoice-vessel certificate` and what `doctor` says: the key stays, the request goes."""

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from tests.certificates import Authority, key_pem, make_key, pem
from tests.vessel_client.boxes import BoxFolder, command, make_box
from vessel_client.clocks import system_wall_clock
from vessel_client.errors import EXIT_CODES

NAME = "box.fleet.org"
UNUSABLE = EXIT_CODES["certificate-unusable"]
UNREADABLE = EXIT_CODES["unreadable-file"]

Captured = pytest.CaptureFixture[str]


async def ask(box: BoxFolder, out: Path, name: str = NAME) -> int:
    return await command("certificate", "request", name, "--out", str(out), "--data", str(box.data_dir))


async def install(box: BoxFolder, file: Path) -> int:
    return await command("certificate", "install", str(file), "--data", str(box.data_dir))


async def test_a_request_names_the_host_and_keeps_the_key_on_the_box(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    first, again = tmp_path / "first.csr", tmp_path / "again.csr"
    assert await ask(box, first) == 0
    assert await ask(box, again) == 0
    asked = [x509.load_pem_x509_csr(path.read_bytes()) for path in (first, again)]
    assert all(each.is_signature_valid for each in asked)
    assert asked[0].public_key() == asked[1].public_key()
    names = asked[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [NAME]
    assert b"PRIVATE" not in first.read_bytes()
    assert (box.data_dir / "phones.key").stat().st_mode & 0o777 == 0o600


async def test_a_request_is_never_written_over_another_file(tmp_path: Path, capsys: Captured) -> None:
    box = await make_box(tmp_path)
    kept = tmp_path / "kept"
    kept.write_text("mine")
    assert await ask(box, kept) == UNREADABLE
    assert await ask(box, tmp_path / "nowhere" / "box.csr") == UNREADABLE
    assert kept.read_text() == "mine"
    assert "choose another name" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "",
        "box",
        "Box.fleet.org",
        "box.fleet.org.",
        "box-.fleet.org",
        "box..org",
        "box.local",
        "192.168.8.1",
        "box.fleet.org/",
        "bóx.fleet.org",
        f"{'x' * 64}.org",
        ".".join(["label"] * 50),
        "box.fleet.example",
    ],
)
async def test_names_that_no_authority_signs_are_refused(tmp_path: Path, name: str, capsys: Captured) -> None:
    box = await make_box(tmp_path)
    capsys.readouterr()
    assert await ask(box, tmp_path / "box.csr", name) == UNUSABLE
    assert "domain" in capsys.readouterr().err
    assert not (box.data_dir / "phones.key").exists()


@pytest.mark.parametrize(
    "content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"]
)
async def test_a_damaged_key_is_not_written_over(tmp_path: Path, content: bytes) -> None:
    box = await make_box(tmp_path)
    (box.data_dir / "phones.key").write_bytes(content)
    assert await ask(box, tmp_path / "box.csr") == UNUSABLE
    assert (box.data_dir / "phones.key").read_bytes() == content


async def test_a_carried_chain_is_installed_only_if_it_fits(tmp_path: Path, capsys: Captured) -> None:
    box, authority = await make_box(tmp_path), Authority()
    await ask(box, tmp_path / "box.csr")
    fitting = pem(authority.sign_request((tmp_path / "box.csr").read_bytes()))
    file, installed = tmp_path / "fullchain.pem", box.data_dir / "phones.pem"
    file.write_bytes(fitting)
    assert await install(box, file) == 0
    assert NAME in capsys.readouterr().out
    for wrong in (b"", b"no certificate", pem(authority.sign(make_key().public_key(), NAME))):
        file.write_bytes(wrong)
        assert await install(box, file) == UNUSABLE
        assert installed.read_bytes() == fitting
    assert sorted(path.name for path in box.data_dir.glob("*phones*")) == ["phones.key", "phones.pem"]
    assert await install(box, tmp_path / "missing") == UNREADABLE


async def found(box: BoxFolder, capsys: Captured) -> tuple[bool, str]:
    capsys.readouterr()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    arguments = ("doctor", "--json", "--data", str(box.data_dir), "--service", url)
    await command(*arguments, clock=system_wall_clock)
    findings = json.loads(capsys.readouterr().out)["findings"]
    (finding,) = [each for each in findings if each["name"] == "certificate for phones"]
    return finding["ok"], finding["words"]


async def test_doctor_tells_of_each_state_of_the_certificate(tmp_path: Path, capsys: Captured) -> None:
    box, authority, key = await make_box(tmp_path), Authority(), make_key()
    (box.data_dir / "phones.key").write_bytes(key_pem(key))
    assert "has not come yet" in (await found(box, capsys))[1]
    said = {}
    for days in (60, 20, -0.5):
        ends = datetime.now(UTC) + timedelta(days=days, minutes=5)
        (box.data_dir / "phones.pem").write_bytes(pem(authority.sign(key.public_key(), NAME, ends=ends)))
        said[days] = await found(box, capsys)
    assert said[60][0]
    assert NAME in said[60][1]
    assert "ends in 20 days" in said[20][1]
    assert "has ended" in said[-0.5][1]
    (box.data_dir / "phones.pem").write_bytes(pem(authority.sign(make_key().public_key(), NAME)))
    assert "does not belong to the key" in (await found(box, capsys))[1]


async def test_doctor_says_what_keeps_the_box_from_opening_https(tmp_path: Path, capsys: Captured) -> None:
    box, authority, key = await make_box(tmp_path), Authority(), make_key()
    (box.data_dir / "phones.pem").write_bytes(pem(authority.sign(key.public_key(), NAME)))
    async with box.running() as running:
        (box.data_dir / "phones.key").write_bytes(key_pem(key))
        await command(
            "doctor", "--data", str(box.data_dir), "--service", running.url, clock=system_wall_clock
        )
    assert "Restart it" in capsys.readouterr().out
