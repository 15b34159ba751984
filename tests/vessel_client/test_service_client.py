"""What the command line makes of an answer that no box gives."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from protocol.documents import MalformedDocument
from vessel_client.errors import ServiceRefused
from vessel_client.service_client import ServiceClient


@contextmanager
def answering(body: bytes) -> Iterator[ServiceClient]:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # The library looks the name up.
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_parts: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ServiceClient(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 100_000, b"\xff\xfe\xff"])
def test_what_is_no_box_is_named_so(body: bytes) -> None:
    with answering(body) as client, pytest.raises(ServiceRefused, match="no SeaVoice box"):
        client.status()


@pytest.mark.parametrize("key_ids", [b'["zz"]', b'["00"]', b"[5]", b'["\\ud800"]'])
def test_keys_that_are_none_are_refused(key_ids: bytes) -> None:
    with answering(b'{"key_ids": %s}' % key_ids) as client, pytest.raises(MalformedDocument, match="key_id"):
        client.key_ids()


def test_keys_that_are_no_list_are_refused() -> None:
    with (
        answering(b'{"key_ids": 5}') as client,
        pytest.raises(ServiceRefused, match="does not name its keys"),
    ):
        client.key_ids()
