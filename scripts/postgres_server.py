"""A real PostgreSQL for tests and benchmarks, in a folder of its own, for root too."""

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from shore_relay.relay.store.postgres_address import PostgresAddress

PASSWORD = "sea and shore"  # Look for it in every output.
_DEBIAN = Path("/usr/lib/postgresql")
_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off")
_USER = "seavoice"
_numbers = itertools.count(1)


def program(name: str) -> str:
    """Return where one of PostgreSQL's programs is; Debian keeps the server's off the path."""
    folders = [str(each) for each in sorted(_DEBIAN.glob("*/bin"), key=_version, reverse=True)]
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    assert found is not None, f"install Debian's postgresql: there is no {name}"
    return found


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _somebody() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class PostgresServer:
    """One server and the databases in it."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self.port = _free_port()
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._prefix: list[str] = ["setpriv", "--pdeathsig", "KILL"]
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_somebody())
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            self._prefix += [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        self._make()

    def _make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        arguments = ("--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256")
        self._run("initdb", "-D", "data", "-U", _USER, f"--pwfile={secret}", *arguments)

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._prefix, program(name), *arguments], cwd=self.folder, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()

    def start(self, *more: str) -> None:
        """Start it and wait until it answers."""
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}"]
        settings += ["-c", f"unix_socket_directories={self.folder}", "-c", "max_connections=40"]
        settings += ["-c", "shared_buffers=16MB", "-c", "deadlock_timeout=200ms", *more]
        settings += [] if self._durable else _FAST
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._prefix, program("postgres"), "-D", "data", *settings],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        # The eighth line of this file says so, and only that line.
        ready = 'until [ "$(sed -n 8p "$0" 2>/dev/null | tr -d " ")" = ready ]; do sleep 0.05; done'
        waited = subprocess.run(
            ["timeout", "120", "sh", "-c", ready, self.folder / "data" / "postmaster.pid"], check=False
        )
        assert waited.returncode == 0, (self.folder / "log").read_text()

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it: SIGQUIT as a crash does, without a last look at what is in memory."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=60)
            self._process = None

    def url(self, database: str, *, user: str = _USER, password: str = PASSWORD) -> str:
        """Return the address of a database, with its password."""
        return f"postgresql://{user}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"

    def address(self, database: str) -> PostgresAddress:
        """Return the same as the store takes it."""
        return PostgresAddress(url=self.url(database), name=database)

    async def connect(self, database: str = "postgres") -> asyncpg.Connection:
        """Look into a database past the store."""
        return await asyncpg.connect(self.url(database))

    async def create(self, encoding: str = "UTF8") -> str:
        """Make an empty database and return its name."""
        name = f"relay_{next(_numbers)}"
        connection = await self.connect()
        try:
            await connection.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
        finally:
            await connection.close()
        return name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Run a server until the block ends; `durable`: it flushes its disk, as in earnest."""
    folder = Path(tempfile.mkdtemp(prefix="seavoice-postgres-"))
    try:
        server = PostgresServer(folder, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
