"""5: what it takes to have it: sizes, start, idle memory, system calls, lines, libraries."""

import os
import re
import shutil
import subprocess
import time

import servers
from measure import Series, name_of, pss_bytes, tree

ROOT = os.path.join(servers.HERE, "..", "..")
PROGRAMS = ["server/sealslotd", "server/front/sealslotd-front", "server/sealslotd-store", "server/mailbox/sealslotd-mailbox",
            "keys/sealslot-keys", "client/sealslot-review"]


def libraries(pid):
    """Third-party libraries that a process has mapped: everything but the C library."""
    found = set()
    with open(f"/proc/{pid}/maps", encoding="utf-8") as f:
        for line in f:
            name = re.search(r"/(lib[^/]*)\.so", line)
            if name and name[1] not in ("libc", "libm"):
                found.add(re.sub(r"-[\d.]+$", "", name[1]))
    return sorted(found)


def syscalls():
    """How many system calls each role's filter lets through, counted in its source: some only with fixed arguments."""
    with open(os.path.join(ROOT, "server", "sandbox", "filter.c"), encoding="utf-8") as f:
        text = f.read()
    lists = {m[1]: set(re.findall(r"SCMP_SYS\((\w+)\)", m[2])) for m in re.finditer(r"static const int (\w+)\[\] = \{(SCMP_SYS.*?)\};", text, re.S)}
    ruled = set(re.findall(r"SCMP_ACT_ALLOW,\s*SCMP_SYS\((\w+)\)", text))
    return {role: len(lists["common"] | lists[role] | ruled) for role in ("front", "store", "mailbox")}


def sizes(ctx):
    rows = []
    for program in PROGRAMS:
        copy = os.path.join(ctx.tmpfs, "stripped")
        shutil.copy(os.path.join(ctx.build, program), copy)
        subprocess.run(["strip", copy], check=True)
        rows.append({"program": os.path.basename(program), "stripped KiB": Series([os.path.getsize(copy) / 1024])})
    ctx.table("Programs", rows)


def start_to_page(server):
    """Milliseconds from exec to the first form; the key store is not asked for anything here."""
    begin = time.monotonic()
    server.proc = subprocess.Popen(server.command(), cwd=server.store, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while True:
        try:
            server.form()
            return (time.monotonic() - begin) * 1000
        except OSError:
            if server.proc.poll() is not None or time.monotonic() - begin > 30:
                raise
            time.sleep(0.0005)


def halt(server):
    server.proc.terminate()
    server.proc.wait(30)


def running(ctx):
    server = servers.Sealslot(ctx.tmpfs, ctx.build)
    try:
        starts = []
        for _ in range(max(3, ctx.runs)):
            starts.append(start_to_page(server))
            halt(server)
        start_to_page(server)
        server.wait_idle()
        rows, allowed = [], syscalls()
        for pid in tree(server.pid):
            role = {"sealslotd-front": "front", "sealslotd-store": "store", "sealslotd-mailbox": "mailbox"}.get(name_of(pid), "parent")
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                pss = int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M)[1]) / 1024
            found = libraries(pid)
            rows.append({"process": role, "idle PSS MiB": Series([pss]), "system calls allowed": str(allowed.get(role, "no filter")),
                         "libraries": "%d: %s" % (len(found), ", ".join(found))})
        idle = pss_bytes(server.pid) / 2**20
    finally:
        server.stop()
    ctx.target("start to first page, ms", Series(starts))
    ctx.target("idle memory of all processes, MiB", idle)
    ctx.table("Start to the first page", [{"what": "sealslotd serve, four processes, on tmpfs", "ms": Series(starts)}])
    ctx.table("Processes when idle", rows + [{"process": "all", "idle PSS MiB": Series([idle])}],
              "All codenames of the pool are derived. Most libraries of front come with Debian's libmicrohttpd, which is built with TLS; no code of theirs runs.")


def lines(ctx):
    rows = []
    for folder, _, names in sorted(os.walk(ROOT)):
        room = os.path.relpath(folder, ROOT)
        mine = [n for n in names if n.endswith((".c", ".h"))]
        if mine and room.split(os.sep)[0] in ("keys", "server", "client"):
            count = 0
            for n in mine:
                with open(os.path.join(folder, n), encoding="utf-8") as f:
                    count += sum(1 for line in f if line.strip())
            rows.append({"room": room, "files": str(len(mine)), "lines": str(count)})
    rows.append({"room": "all", "files": str(sum(int(r["files"]) for r in rows)), "lines": str(sum(int(r["lines"]) for r in rows))})
    ctx.table("Lines of C per room, comments included, empty ones not", rows)


def run(ctx):
    ctx.part(sizes, 5, 2)
    ctx.part(running, 25, 20)
    ctx.part(lines, 5, 2)
