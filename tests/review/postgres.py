"""A real PostgreSQL server of our own on loopback, for the length of a test run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MISSING = "PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)"


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl, newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    which = shutil.which("initdb")
    return Path(which).parent if which else None


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a fresh cluster, without a database name; it is removed afterwards."""
    folder = binaries()
    assert folder is not None, MISSING
    # initdb refuses to run as root
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    home = Path(tempfile.mkdtemp(prefix="narracoder-pg-"))
    if become:
        shutil.chown(home, "postgres")
    data = home / "data"

    def run(*command: str) -> None:
        subprocess.run(
            [*become, *command], check=True, cwd=home, stdout=subprocess.DEVNULL, timeout=120
        )

    run(str(folder / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} "
        "-c fsync=off -c max_connections=150 -c autovacuum=off"
    )
    control = [str(folder / "pg_ctl"), "-D", str(data), "-w", "-s", "-l", str(home / "log")]
    try:
        run(*control, "-o", options, "start")
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)
