"""500 random kills under load: parent, front, store or mailbox, at any moment. See power.py for what must hold."""

# time limit: 300
# alone

import contextlib
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from book import Book  # noqa: E402
from slot import Failed, Slot, kill  # noqa: E402

KILLS, SECONDS, AT_LEAST = 500, 80, 60
SOURCES = 4


class Load:
    """Sources that never stop."""

    def __init__(self, book):
        self.book, self.is_over = book, threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True) for i in range(SOURCES)]
        for t in self.threads:
            t.start()

    def run(self, seed):
        rng = random.Random(seed)
        while not self.is_over.is_set():
            if self.book.upload(rng.choice((0, 70_000, 300_000))) != 200:
                time.sleep(0.03)

    def stop(self):
        self.is_over.set()
        for t in self.threads:
            t.join(60)
            assert not t.is_alive(), "a source hangs"


def end_all(slot, pids):
    """What is left of a server, orphans included; the next one needs its lock and its socket."""
    pids = set(pids) | set(slot.pids())
    for pid in pids:
        kill(pid)
    slot.server.wait()
    deadline = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{p}") for p in pids):
        assert time.monotonic() < deadline, "a killed process lives"
        time.sleep(0.01)
    slot.server = None


def start(slot):
    for _ in range(5):
        with contextlib.suppress(Failed):
            slot.start()
            return
    raise AssertionError("it doesn't start again\n" + slot.log_text()[-2000:])


def main():
    rng = random.Random(1)
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        book = Book(slot)
        load = Load(book)
        kills, deadline = 0, time.monotonic() + SECONDS
        try:
            while kills < KILLS and time.monotonic() < deadline:
                time.sleep(rng.uniform(0, 0.15))
                pids = slot.pids()
                victim = rng.choice(pids)
                kill(victim)
                kills += 1
                time.sleep(rng.uniform(0, 0.05))
                # Each death makes the parent wait longer: a new server is quicker, and dies as a whole, too.
                if victim == pids[0] or len(slot.pids()) < 3 or rng.random() < 0.6:
                    kills += len(pids) - 1
                    end_all(slot, pids)
                    start(slot)
        finally:
            load.stop()
        end_all(slot, slot.pids())
        start(slot)
        receipts = len(book.receipts)
        items = book.check()
        assert kills >= AT_LEAST, f"only {kills} kills"
        assert receipts > 20, f"only {receipts} receipts: this was no load"
        print(f"{kills} kills, {book.sent} uploads, {receipts} receipts, {items} items, all whole, none twice")


main()
