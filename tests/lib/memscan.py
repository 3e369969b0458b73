"""Looks for bytes in the memory of running processes, as somebody would who seizes the machine. Needs root."""

import os
import re

MAX_REGION = 1 << 30


def regions(pid):
    """(start, end, name) of what the process may read. Kernel pages that can't be read through mem are left out."""
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as f:
        for line in f:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r\S+) \S+ \S+ \S+\s*(.*)", line)
            if found and found.group(4) not in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
                yield int(found.group(1), 16), int(found.group(2), 16), found.group(4)


def scan(pid, markers):
    """{marker: [where it is]} for every marker that is in the memory of pid."""
    found = {}
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for start, end, name in regions(pid):
            at = start
            tail = b""
            while at < end:
                want = min(end - at, 1 << 22)
                try:
                    mem.seek(at)
                    data = mem.read(want)
                except OSError:
                    # A guard page, or one that is not there: go on behind it.
                    at += 4096
                    tail = b""
                    continue
                if not data:
                    break
                window = tail + data
                for m in markers:
                    i = window.find(m)
                    while i != -1:
                        found.setdefault(m, set()).add((hex(at - len(tail) + i), name))
                        i = window.find(m, i + 1)
                tail = window[-(max(map(len, markers)) - 1):] if len(markers) else b""
                at += len(data)
    return {m: sorted(places) for m, places in found.items()}


def family(pid):
    """pid and its children: all processes of one server."""
    pids = [pid]
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as f:
                    parent = int(f.read().rsplit(b")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if parent == pid:
                pids.append(int(name))
    return pids


def scan_server(pid, markers):
    """As scan, over all processes of the server: {(process name, marker): places}."""
    out = {}
    for p in family(pid):
        with open(f"/proc/{p}/comm", encoding="ascii") as f:
            comm = f.read().strip()
        for marker, places in scan(p, markers).items():
            out[(comm, marker)] = places
    return out
