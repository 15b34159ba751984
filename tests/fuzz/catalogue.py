"""Every target by name, with the modules that the fuzzer watches while it runs.

Only names: a module can be watched only if nothing has imported it before.
"""

from collections.abc import Mapping
from pathlib import Path

FOUND = Path(__file__).parent / "found"
"""Inputs that once broke an invariant: a folder for each target, a file for each input."""

_DOCUMENTS = ("protocol.documents",)
_WIRE = ("protocol.wire",)
_CODER = ("protocol.mixing", "protocol.rangecoder")

TARGETS: Mapping[str, tuple[str, ...]] = {
    "packets": ("protocol.linkguard", "protocol.frames", *_WIRE),
    "streams": ("protocol.records", "protocol.linkguard"),
    "frames": ("protocol.frames", "protocol.fragment", *_WIRE),
    "bundles": ("protocol.bundle", "protocol.fragment", *_WIRE),
    "messages": ("protocol.message", "protocol.textpack", *_WIRE),
    "textpack": ("protocol.textpack", "protocol.textmodel", "protocol.rangecoder"),
    "rangecoder": _CODER,
    "codec2": ("protocol.codec2pack", "protocol.pitchenergy", "protocol.rangecoder"),
    "pitchenergy": ("protocol.pitchenergy",),
    "voice": ("protocol.voicepack", "protocol.codec2pack"),
    "stick": ("protocol.container",),
    "provisioning": ("protocol.provisioning", *_DOCUMENTS),
    "rekey": ("protocol.rekey", "protocol.linkguard"),
    "receipts": ("protocol.origin", "protocol.bundle", *_WIRE),
    "desk_keys": ("protocol.deskkeys", *_WIRE),
    "operator_lists": ("protocol.caps", "protocol.chains", "protocol.operators", *_WIRE),
    "feed": ("protocol.deskfeed", *_DOCUMENTS),
    "receipt_code": ("protocol.mailbox",),
    "engine": (
        "protocol.engine",
        "protocol.intake",
        "protocol.contact",
        "protocol.inbox",
        "protocol.outbox",
        "protocol.wishes",
        "protocol.fragment",
    ),
    "rockblock": ("shore_relay.relay.bearers.sbd.rockblock",),
    "directip": ("shore_relay.relay.bearers.sbd.directip_elements",),
    "directip_server": ("shore_relay.relay.bearers.sbd.directip",),
    "desk_token": ("shore_relay.relay.desk_auth",),
    "modem": ("vessel_client.bearers.sbd.modem", "vessel_client.bearers.sbd.answers"),
    "local_api": ("vessel_client.queue_request", *_DOCUMENTS),
    "desk_content": ("shore_relay.desk.content", *_DOCUMENTS),
    "wav": ("protocol.speech.wav",),
}


def module_of(target: str) -> str:
    """Return the module that holds a target."""
    return f"tests.fuzz.targets.{target}"


def found_inputs(target: str) -> list[Path]:
    """Return what once broke a target's invariant, oldest name first."""
    folder = FOUND / target
    return sorted(folder.iterdir()) if folder.is_dir() else []
