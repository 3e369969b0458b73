"""Invariant 5 once more: any process is killed at any step of an upload, the medium fails at any step (full_disk.py: it is full).

No receipt without a whole submission, none there twice, nothing partial after a restart. Broken on purpose: a store that
gives a receipt without giving the file its name is noticed.
"""

# time limit: 300

import errno
import os
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from book import Book  # noqa: E402
from faults import Faults  # noqa: E402
from slot import Failed, Slot  # noqa: E402

FRONT, STORE, MAILBOX = "sealslotd-front", "sealslotd-store", "sealslotd-mailbox"
SIZE = 200_000  # four chunks
# Every step of an upload: the call, and how many of them there are at least.
STEPS = [(STORE, "recvmsg", 3), (STORE, "openat", 1), (STORE, "fchmod", 2), (STORE, "sendmsg", 2), (STORE, "lease", 1),
         (STORE, "futimens", 1), (STORE, "fdatasync", 3), (STORE, "linkat", 1), (STORE, "fsync", 1), (STORE, "pwrite64", 3),
         (FRONT, "accept4", 2), (FRONT, "recv", 4), (FRONT, "recvmsg", 2), (FRONT, "sendmsg", 2), (FRONT, "write", 4),
         (FRONT, "send", 1),
         (MAILBOX, "recvmsg", 3), (MAILBOX, "sendmsg", 3)]
# Where the parent is killed, while that process stands at that step.
PARENT_DIES = [(FRONT, "write", 1), (FRONT, "write", 4), (STORE, "openat", 1), (STORE, "fdatasync", 1), (STORE, "linkat", 1),
               (STORE, "fsync", 1), (STORE, "pwrite64", 3), (STORE, "sendmsg", 2), (MAILBOX, "sendmsg", 2), (FRONT, "send", 1)]
FAILING = [(STORE, "openat", 1), (STORE, "fchmod", 2), (STORE, "lease", 1), (STORE, "futimens", 1), (STORE, "fdatasync", 3),
           (STORE, "linkat", 1), (STORE, "fsync", 2), (STORE, "pwrite64", 5), (FRONT, "write", 5)]
TRIES = 4  # a step that the first upload of a connection doesn't take
DEATHS = 5  # of one server, before it is started anew: each makes the parent wait longer


def alive_again(book):
    """All processes: until an upload gets its receipt."""
    deadline = time.monotonic() + 60
    while book.upload() != 200:
        assert time.monotonic() < deadline, "it doesn't come back"
        time.sleep(0.05)


def killed_at_each_step(slot, faults, book):
    points, missed, deaths = [], [], 0
    for process, call, times in STEPS:
        for nth in range(1, times + 1):
            for action in ("kill-before", "kill-after"):
                points.append((process, call, nth, action))
                faults.set(process, call, action, nth)
                for _ in range(TRIES):
                    book.upload(SIZE)
                    if faults.fired():
                        break
                faults.clear()
                if not faults.fired():
                    missed.append(points[-1])
                    continue
                deaths += 1
                if deaths % DEATHS == 0:
                    slot.stop()
                    slot.start()
                alive_again(book)
    assert not missed, f"points that no upload comes to: {missed}"
    print(f"killed at {len(points)} points")


def parent_killed(slot, faults, book):
    """In the middle of an upload: its children end with it, and the next one starts."""
    for process, call, nth in PARENT_DIES:
        faults.set(process, call, "hold", nth)
        upload = threading.Thread(target=book.upload, args=(SIZE,), daemon=True)
        upload.start()
        deadline = time.monotonic() + 30
        while not faults.fired():
            assert time.monotonic() < deadline, f"no upload comes to {process} {call} {nth}"
            time.sleep(0.01)
        pids = slot.pids()
        os.kill(pids[0], signal.SIGKILL)
        slot.server.wait()
        faults.clear()
        deadline = time.monotonic() + 30
        while any(os.path.exists(f"/proc/{p}") for p in pids):
            assert time.monotonic() < deadline, "children outlive their parent"
            time.sleep(0.02)
        upload.join(60)
        assert not upload.is_alive(), "a source hangs"
        slot.server = None
        slot.start()
        alive_again(book)
    print(f"the parent killed at {len(PARENT_DIES)} points of an upload")


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
    assert points > 50, f"only {points} failures: uploads don't come to most steps"
    print(f"{points} failures")


def noticed(build, call, nth, says):
    """A store that leaves a step away: the books don't agree."""
    with Slot(build) as slot:
        faults = Faults(slot.build, slot.folder)
        faults.derive_cheaply()
        slot.env = faults.env()
        slot.serve()
        book = Book(slot)
        assert book.upload(SIZE) == 200
        faults.set(STORE, call, "skip", nth, lasting=True)
        status = book.upload(SIZE)
        assert faults.fired() and status == 200, f"{call}: {status}"
        slot.stop()
        faults.clear()
        try:
            book.check()
        except (AssertionError, Failed) as e:
            assert any(word in str(e) for word in says), f"{call}: {e}"
            print(f"a store without {call}: noticed, {str(e).splitlines()[0]}")
            return
        raise AssertionError(f"a store without {call} isn't noticed")


def main():
    with Slot(sys.argv[1], {"store": {"max_upload": "64M"}}) as slot:
        faults = Faults(slot.build, slot.folder)
        faults.derive_cheaply()  # a new mailbox makes 64 codenames
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
    noticed(sys.argv[1], "linkat", 1, ["rows for", "receipts without"])


main()
