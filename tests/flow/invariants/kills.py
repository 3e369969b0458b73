"""Random kills under load: parent, front, store or mailbox, at any moment. See power.py for what must hold.

    python3 tests/flow/invariants/kills.py build [KILLS]     that many, however long it takes

Several servers side by side. What counts is a process killed at random; the clean-up of a whole server behind it doesn't.
Broken on purpose: a store that gives a receipt without giving the file its name; the books must not agree.
"""

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
from faults import Faults  # noqa: E402
from slot import Failed, Slot, kill  # noqa: E402

KILLS, SECONDS, AT_LEAST = 500, 90, 150  # AT_LEAST: on a machine that does much else
SERVERS, SOURCES = 4, 2


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
                time.sleep(0.1)

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


class Siege(threading.Thread):
    """One server whose processes are killed until it is over."""

    def __init__(self, build, seed, is_over):
        super().__init__(daemon=True)
        self.build, self.rng, self.is_over = build, random.Random(seed), is_over
        self.kills, self.why, self.said = 0, None, ""

    def run(self):
        try:
            with Slot(self.build) as slot:
                slot.env = cheap(slot).env()
                slot.serve()
                self.besiege(slot)
        except Exception as e:
            self.why = e

    def besiege(self, slot):
        book = Book(slot)
        load = Load(book)
        try:
            while not self.is_over():
                time.sleep(self.rng.uniform(0, 0.2))
                pids = slot.pids()
                victim = self.rng.choice(pids)
                kill(victim)
                self.kills += 1
                time.sleep(self.rng.uniform(0, 0.05))
                # Each death makes the parent wait longer: a new server is quicker, and dies as a whole, too.
                if victim == pids[0] or len(slot.pids()) < 3 or self.rng.random() < 0.3:
                    end_all(slot, pids)
                    start(slot)
        finally:
            load.stop()
        end_all(slot, slot.pids())
        start(slot)
        receipts = len(book.receipts)
        items = book.check()
        assert receipts > 5, f"only {receipts} receipts: this was no load"
        self.said = f"{self.kills} kills, {book.sent} uploads, {receipts} receipts, {items} items"


def cheap(slot):
    """A mailbox that starts makes 64 codenames: the machine's time is for what is tried here."""
    faults = Faults(slot.build, slot.folder)
    faults.derive_cheaply()
    return faults


def noticed(build):
    """The same with a store that gives a receipt and no name, for one upload."""
    with Slot(build) as slot:
        faults = cheap(slot)
        slot.env = faults.env()
        slot.serve()
        book = Book(slot)
        assert book.upload(70_000) == 200
        faults.set("sealslotd-store", "linkat", "skip")
        assert book.upload(70_000) == 200 and faults.fired()
        end_all(slot, slot.pids())
        start(slot)
        assert book.upload(70_000) == 200
        try:
            book.check()
        except (AssertionError, Failed) as e:
            print(f"a receipt for what isn't there: noticed, {str(e).splitlines()[0]}")
            return
    raise AssertionError("a receipt for what isn't there isn't noticed")


def main():
    wanted, by_hand = (int(sys.argv[2]), True) if len(sys.argv) > 2 else (KILLS, False)
    began = time.monotonic()

    def is_over():
        return sum(s.kills for s in sieges) >= wanted or any(s.why for s in sieges) or \
            (not by_hand and time.monotonic() > began + SECONDS)
    sieges = [Siege(sys.argv[1], seed, is_over) for seed in range(SERVERS)]
    for s in sieges:
        s.start()
    for s in sieges:
        s.join()
        if s.why:
            raise s.why
        print(s.said)
    kills = sum(s.kills for s in sieges)
    assert kills >= min(wanted, AT_LEAST), f"only {kills} kills"
    print(f"{kills} kills in {time.monotonic() - began:.0f} s: all that was receipted is whole, none is there twice")
    noticed(sys.argv[1])


main()
