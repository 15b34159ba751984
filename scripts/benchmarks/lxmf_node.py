"""One LXMF node as a program of its own, since Reticulum keeps its state in its module.

Usage: python -m scripts.benchmarks.lxmf_node vessel|shore FOLDER, with the interface's lines in
FOLDER/NAME.interface. It prints one JSON object for each event. The vessel reads requests, one JSON object a
line, from standard input: {"id": 1, "size_bytes": 120, "method": "direct"}.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import LXMF
import RNS

from scripts.benchmarks.cargo import opaque

_ASPECT = "lxmf.delivery"


def main() -> None:
    """Run until standard input ends."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    identity = RNS.Identity.from_file(str(folder / f"{name}.identity"))
    peer = RNS.Identity.from_file(str(folder / f"{'shore' if name == 'vessel' else 'vessel'}.identity"))
    config = folder / name
    config.mkdir(exist_ok=True)
    (config / "config").write_text(_config((folder / f"{name}.interface").read_text()))
    RNS.Reticulum(configdir=str(config), loglevel=RNS.LOG_ERROR)
    router = LXMF.LXMRouter(storagepath=str(folder / f"{name}.store"), identity=identity)
    own = router.register_delivery_identity(identity, display_name=None)
    _introduce(peer)
    router.register_delivery_callback(lambda message: _say("arrived", size_bytes=len(message.content)))
    _say("ready")
    for line in sys.stdin:
        request = json.loads(line)
        _send(router, own, peer, request)
    # Reticulum's threads would keep an interpreter alive that has nothing left to do.
    os._exit(0)


def make_identity(path: Path) -> None:
    """Write a new identity."""
    RNS.Identity().to_file(str(path))


def _config(interface: str) -> str:
    return (
        "[reticulum]\nenable_transport = no\nshare_instance = no\n"
        "[interfaces]\n  [[Link]]\n    enabled = yes\n"
        + "".join(f"    {line}\n" for line in interface.splitlines())
    )


def _introduce(peer: Any) -> None:
    """Let this node know the other, as a provisioned pair would, so that no announcement is needed."""
    address = RNS.Destination.hash_from_name_and_identity(_ASPECT, peer)
    RNS.Identity.remember(os.urandom(16), address, peer.get_public_key(), None)


def _send(router: Any, own: Any, peer: Any, request: dict[str, Any]) -> None:
    methods = {"direct": LXMF.LXMessage.DIRECT, "opportunistic": LXMF.LXMessage.OPPORTUNISTIC}
    destination = RNS.Destination(peer, RNS.Destination.OUT, RNS.Destination.SINGLE, "lxmf", "delivery")
    message = LXMF.LXMessage(
        destination,
        own,
        opaque(request["size_bytes"]),
        "",
        desired_method=methods[request["method"]],
    )
    settled = threading.Event()

    def on_end(ended: Any) -> None:
        if not settled.is_set():
            settled.set()
            state = "delivered" if ended.state == LXMF.LXMessage.DELIVERED else "failed"
            _say(state, id=request["id"])

    message.register_delivery_callback(on_end)
    message.register_failed_callback(on_end)
    router.handle_outbound(message)


_print_lock = threading.Lock()


def _say(event: str, **facts: object) -> None:
    with _print_lock:
        print(json.dumps({"event": event, **facts}), flush=True)


if __name__ == "__main__":
    main()
