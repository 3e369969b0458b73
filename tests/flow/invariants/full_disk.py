"""Invariant 5 on a disk that fills up: no receipt for what isn't there whole, nothing partial left.

Needs the right to mount a small tmpfs.
"""

# time limit: 120

import contextlib
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from book import Book  # noqa: E402
from mounts import may_mount, skip  # noqa: E402
from slot import Slot  # noqa: E402


@contextlib.contextmanager
def small_disk(folder, size):
    where = os.path.join(folder, "disk")
    os.mkdir(where)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0711", "tmpfs", where], check=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", where], check=True)


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
    if not may_mount():
        skip("a full disk")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)
        with small_disk(folder, "24m") as disk:
            run_on(sys.argv[1], disk)


main()
