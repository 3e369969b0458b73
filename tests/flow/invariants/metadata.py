"""Invariant 6: what lies on the server's disk tells no name, no true size, no number of files, no time finer than a day.

Broken on purpose: without the step that sets a submission's time to its day, the examiner sees it.
"""

import os
import re
import sqlite3
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from faults import Faults  # noqa: E402
from slot import File, Slot, body_of  # noqa: E402

DAY = 86400
NAME, AGENT = "Persephone-7731-report", "Mozilla-marker-4471"
SIZE = 1_234_567
COLUMNS = {"items": {"id", "day", "inbox", "epoch", "serial", "size"}, "hashes": {"id", "hash"},
           "replies": {"mailbox", "id", "day", "sealed"}}
# What index.db may have besides; none of it is about one submission more than COLUMNS say.
OTHER_TABLES = {"marks", "alarms", "desks", "receipts"}


def files(folder):
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            if os.path.isfile(path):
                yield path


def times(start, end):
    """The seconds of the uploads, as numbers of any usual width and order, and as text."""
    found = []
    for t in range(int(start) - 1, int(end) + 2):
        found += [struct.pack(f, t) for f in (">I", "<I", ">q", "<q")]
        found += [str(t).encode(), time.strftime("%H:%M:%S", time.gmtime(t)).encode(), time.strftime("%H%M%S", time.gmtime(t)).encode()]
        for unit in (10**3, 10**6):
            found.append(str(t * unit)[:10].encode())
    return set(found)


def sizes():
    return {struct.pack(f, SIZE) for f in (">I", "<I")} | {struct.pack(">I", SIZE)[1:], str(SIZE).encode()}


def findings(slot, start, end):
    """Everything that tells more than it may."""
    bad = []
    for path in files(slot.store):
        with open(path, "rb") as f:
            content = f.read()
        name = os.path.relpath(path, slot.store)
        bad += [f"{name}: {m}" for m in (NAME, AGENT, "multipart", "geckoform", "127.0.0.1") if m.encode() in content]
        if not name.endswith(".age"):  # ciphertext is full of everything, by chance
            bad += [f"{name}: a time, {t!r}" for t in times(start, end) if t in content]
            bad += [f"{name}: the true size, {t!r}" for t in sizes() if t in content]
        elif int(os.stat(path).st_mtime) % DAY:
            bad.append(f"{name}: time of day {os.stat(path).st_mtime}")
        elif os.stat(path).st_size in range(SIZE, SIZE + 3000):
            bad.append(f"{name}: not padded")
        if name.endswith(".age") and not re.fullmatch(r"items/[0-9a-f]{32}\.age", name):
            bad.append(f"a name: {name}")
    return bad


def schema(slot):
    db = sqlite3.connect(f"file:{slot.store}/index.db?mode=ro", uri=True)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type='table'")}
    assert tables - OTHER_TABLES == set(COLUMNS), f"tables: {tables}"
    for table, columns in COLUMNS.items():
        got = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        assert got == columns, f"{table}: {got - columns} more than is told"
    rows = db.execute("SELECT id, day, inbox, epoch, serial FROM items").fetchall()
    assert len({row[0] for row in rows}) == len(rows) and len({row[1:] for row in rows}) == 1, "two submissions can be told apart"
    db.close()


def upload(slot, n):
    form = slot.form()
    body, kind = body_of(form.parts("hello", [File(f"{NAME}-{i}.pdf", b"x" * SIZE) for i in range(n)]))
    page = slot.request("POST", form.action, body, {"Content-Type": kind, "User-Agent": AGENT, "Referer": AGENT})
    assert page.status == 303, page.h1


def main():
    with Slot(sys.argv[1]) as slot:
        faults = Faults(slot.build, slot.folder)
        slot.env = faults.env()
        slot.serve()
        start = time.time()
        upload(slot, 1)
        upload(slot, 1)
        bad = findings(slot, start, time.time())
        assert not bad, "\n".join(bad)
        schema(slot)
        alike = {os.stat(p).st_size for p in files(slot.store) if p.endswith(".age")}
        assert len(alike) == 1, f"the same files, and two sizes: {alike}"
        faults.set("sealslotd-store", "futimens", "skip", lasting=True)
        upload(slot, 1)
        faults.clear()
        assert any("time of day" in b for b in findings(slot, start, time.time())), "a time of day isn't noticed"
        print("names, sizes, times: nothing; with a time of day left on a file: noticed")


main()
