"""Who holds a lease, and whether a holder on this machine is surely dead.

A restarted server must not wait for the lease of its killed predecessor to run out. A process is named by the machine's boot,
its process namespace (a container sees other processes under the same numbers), its number and its start, so a number that
was given out again does not pass for the old process.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from anomaly_detection.shared.identity import new_id

_PROC = Path("/proc")


def instance_id() -> str:
    """Return a new name for a worker of this process: ``place/pid/start/unique``."""
    return f"{_place()}/{os.getpid()}/{_start_of(os.getpid())}/{new_id()[-12:]}"


def is_dead(instance: str) -> bool:
    """Whether the named worker's process was of this machine and has ended; False where nobody can tell.

    Examples
    --------
    >>> is_dead(instance_id())
    False
    """
    parts = instance.split("/")
    if len(parts) != 4 or not parts[1].isdigit() or not parts[2] or parts[0] != _place():
        return False
    return _start_of(int(parts[1])) != parts[2]


def _place() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (_PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return socket.gethostname().replace("/", "-")[:60]
    return f"{boot}-{namespace}"


def _start_of(process: int) -> str:
    """Return when a process started, in clock ticks since boot; empty where it is gone, a zombie, or nobody can tell."""
    try:
        # The second field is the program's name in brackets and may hold spaces and brackets itself.
        fields = (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]
