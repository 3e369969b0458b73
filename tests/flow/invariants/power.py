"""Invariant 5 once more: any process is killed at any step of an upload, the medium fails at any step, the disk is full.

No receipt without a whole submission, none there twice, nothing partial after a restart.
"""

# time limit: 300

import contextlib
import errno
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from book import Book  # noqa: E402
from faults import Faults  # noqa: E402
from slot import Slot  # noqa: E402

FRONT, STORE, MAILBOX = "sealslotd-front", "sealslotd-store", "sealslotd-mailbox"
SIZE = 200_000  # four chunks
# Every step of an upload: the call, and how many of them there are at least.
STEPS = [(STORE, "recvmsg", 3), (STORE, "openat", 1), (STORE, "fchmod", 2), (STORE, "sendmsg", 2), (STORE, "lease", 1),
         (STORE, "futimens", 1), (STORE, "fdatasync", 3), (STORE, "linkat", 1), (STORE, "fsync", 1), (STORE, "pwrite64", 3),
         (FRONT, "accept4", 2), (FRONT, "recv", 4), (FRONT, "recvmsg", 2), (FRONT, "sendmsg", 2), (FRONT, "write", 4),
         (FRONT, "send", 1)]
FAILING = [(STORE, "openat", 1), (STORE, "fchmod", 2), (STORE, "lease", 1), (STORE, "futimens", 1), (STORE, "fdatasync", 3),
           (STORE, "linkat", 1), (STORE, "fsync", 2), (STORE, "pwrite64", 5), (FRONT, "write", 5)]
DEATHS = 5  # of one server, before it is started anew: each makes the parent wait longer


def alive_again(book):
    """All processes: until an upload gets its receipt."""
    deadline = time.monotonic() + 60
    while book.upload() != 200:
        assert time.monotonic() < deadline, "it doesn't come back"
        time.sleep(0.05)


def killed_at_each_step(slot, faults, book):
    points = fired = deaths = 0
    for process, call, times in STEPS:
        for nth in range(1, times + 1):
            for action in ("kill-before", "kill-after"):
                points += 1
                faults.set(process, call, action, nth)
                book.upload(SIZE)
                if not faults.fired():
                    book.upload(SIZE)  # a step that the first one of a connection doesn't take
                faults.clear()
                if not faults.fired():
                    continue
                fired += 1
                deaths += 1
                if deaths % DEATHS == 0:
                    slot.stop()
                    slot.start()
                alive_again(book)
    assert fired > points * 0.8, f"only {fired} of {points} points were reached"
    print(f"killed at {fired} points")


def parent_killed(slot, faults, book):
    """Its children end with it, and the next one starts."""
    for nth in (1, 2, 3):
        faults.set(FRONT, "write", "kill-before", 1000)
        pids = slot.pids()
        os.kill(pids[0], 9)
        slot.server.wait()
        deadline = time.monotonic() + 10
        while any(os.path.exists(f"/proc/{p}") for p in pids):
            assert time.monotonic() < deadline, "children outlive their parent"
            time.sleep(0.02)
        slot.server = None
        slot.start()
        assert book.upload(SIZE) == 200, nth
    faults.clear()


def medium_fails(slot, faults, book):
    points = 0
    for error in (errno.EIO, errno.EROFS, errno.ENOSPC):
        for process, call, times in FAILING:
            for nth in range(1, times + 1):
                faults.set(process, call, "fail", nth, error=error)
                before = len(book.receipts)
                status = book.upload(SIZE)
                fired = faults.fired()
                faults.clear()
                points += fired > 0
                assert status is not None, f"{call} {nth} {errno.errorcode[error]}: the source was told nothing"
                if len(book.receipts) == before:
                    assert status in (503, 507), f"{call} {nth} {errno.errorcode[error]}: {status}"
        alive_again(book)
        assert book.upload() == 200, f"after {errno.errorcode[error]} it doesn't go on"
    faults.set(STORE, "pwrite64", "fail", error=errno.EIO, lasting=True)
    for _ in range(3):
        assert book.upload(SIZE) in (503, None), "an index that can't be written"
    faults.clear()
    print(f"{points} failures")


@contextlib.contextmanager
def small_disk(folder, size):
    where = os.path.join(folder, "disk")
    os.mkdir(where)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0711", "tmpfs", where], check=False).returncode != 0:
        yield None
        return
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", where], check=True)


def full_disk(build):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        with small_disk(folder, "24m") as disk:
            if disk is None:
                print("no right to mount: a full disk wasn't tried")
                return
            run_on(build, disk)


def run_on(build, disk):
    with Slot(build, {"store": {"path": os.path.join(disk, "store"), "max_upload": "8M", "reserve": "2M"}}) as slot:
        slot.store = os.path.join(disk, "store")
        slot.serve()
        book = Book(slot)
        # Until it says so by itself, before anything is sent in vain.
        for _ in range(100):
            if (status := book.upload(500_000)) != 200:
                break
        assert status == 507, status
        room = json.loads(slot.sealslotd("status", "--json").stdout)
        assert room["in_flight"] == 0 if "in_flight" in room else True
        # Somebody else fills what is kept free: the medium is full under uploads that were let in.
        filler = os.path.join(disk, "filler")
        with open(filler, "wb") as f, contextlib.suppress(OSError):
            while True:
                f.write(b"\0" * 65536)
        assert book.upload(10_000) != 200
        os.unlink(filler)
        receipts = len(book.receipts)
        assert receipts >= 5, receipts
        print(f"a full disk: {book.check()} items, {receipts} receipts")


def main():
    with Slot(sys.argv[1], {"store": {"max_upload": "64M"}}) as slot:
        faults = Faults(slot.build, slot.folder)
        slot.env = faults.env()
        slot.serve()
        book = Book(slot)
        assert book.upload() == 200
        killed_at_each_step(slot, faults, book)
        parent_killed(slot, faults, book)
        medium_fails(slot, faults, book)
        receipts = len(book.receipts)
        items = book.check()
        assert receipts > 20, receipts
        print(f"{book.sent} uploads, {receipts} receipts, {items} items, all whole")
    full_disk(sys.argv[1])


main()
