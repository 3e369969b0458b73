"""What goes wrong with a server at a step that a test chooses (tests/flow/invariants/faults.c is the other half).

    faults = Faults(slot.build, slot.folder)
    slot.env = faults.env()
    slot.serve()
    faults.set("sealslotd-store", "linkat", "kill-before")
"""

import errno
import mmap
import os
import struct

ACTIONS = ("none", "kill-before", "kill-after", "fail", "skip", "tell", "hold")
COUNTDOWN, FIRED, ERROR, REMEMBERS, DAYS, BELIEVES, SECONDS, CHEAP, NAMES = 4, 12, 16, 20, 24, 28, 32, 36, 40


class Faults:
    def __init__(self, build, folder):
        self.preload = os.path.join(folder, "faults.so")
        source = os.path.join(build, "tests/flow/invariants/libsealslot_faults.so")
        with open(source, "rb") as f, open(self.preload, "wb") as out:
            out.write(f.read())  # where the server's user can read it
        self.path = os.path.join(folder, "faults")
        with open(self.path, "wb") as f:
            f.write(bytes(4096))
        os.chmod(self.path, 0o666)
        os.chmod(self.preload, 0o644)
        with open(self.path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), 4096)

    def env(self):
        return {**os.environ, "LD_PRELOAD": self.preload, "SEALSLOT_FAULTS": self.path}

    def set(self, process, call, action, nth=1, error=errno.EIO, lasting=False):
        """At the nth call from now on. The action is written last, so that nothing half set happens."""
        self.clear()
        struct.pack_into("=24s24s", self.page, NAMES, process.encode(), call.encode())
        struct.pack_into("=i", self.page, ERROR, error)
        struct.pack_into("=III", self.page, COUNTDOWN, nth, lasting, 0)
        struct.pack_into("=I", self.page, 0, ACTIONS.index(action))

    def clear(self):
        struct.pack_into("=I", self.page, 0, 0)

    def fired(self):
        return struct.unpack_from("=I", self.page, FIRED)[0]

    def remember(self, is_on=True):
        """Wiping does nothing."""
        struct.pack_into("=I", self.page, REMEMBERS, is_on)

    def shift_days(self, days):
        struct.pack_into("=i", self.page, DAYS, days)

    def believe(self, is_on=True):
        """What is sealed opens without its tag being looked at."""
        struct.pack_into("=I", self.page, BELIEVES, is_on)

    def pass_time(self, seconds):
        """The clock that only goes forward jumps: deadlines come."""
        now = struct.unpack_from("=I", self.page, SECONDS)[0]
        struct.pack_into("=I", self.page, SECONDS, now + seconds)

    def derive_cheaply(self):
        """Codenames cost no time: for tests of everything else."""
        struct.pack_into("=I", self.page, CHEAP, 1)
