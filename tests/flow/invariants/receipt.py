"""Invariant 5: the receipt comes after the ciphertext would survive a power cut.

strace says in which order things happened: the file's content, its name, the folder and the index are all on the medium
before the answer that leads to the receipt. Broken on purpose: leaving away any one of the syncs is noticed.
"""

# time limit: 240

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from faults import Faults  # noqa: E402
from slot import File, Slot  # noqa: E402

CALLS = "openat,linkat,fsync,fdatasync,fchmod,pwrite64,write,sendto,sendmsg,writev,unlink,unlinkat,ftruncate"
# What has to have happened, in this order; the call as strace -yy writes it, quoted text first words only.
STEPS = [("the file's content is synced", r"fdatasync\(\d+</[^>]*items/[^>]*\(deleted\)>|fdatasync\(\d+</[^>]*items/#\d+"),
         ("it gets its name", r"linkat\(.*\.age\""),
         ("the folder is synced", r"fsync\(\d+</[^>]*/items>|fdatasync\(\d+</[^>]*/items>"),
         ("the row is written", r"pwrite64\(\d+</[^>]*index\.db>"),
         ("the index is synced", r"fdatasync\(\d+</[^>]*index\.db>|fsync\(\d+</[^>]*index\.db>"),
         ("the receipt goes out", r"(?:sendto|sendmsg|writev|write)\(\d+<TCP[^>]*>.*HTTP/1\.1 303")]


def order(lines):
    """The first step that isn't there behind those before it; None when all are."""
    at = 0
    for name, pattern in STEPS:
        while at < len(lines) and not re.search(pattern, lines[at]):
            at += 1
        if at == len(lines):
            return name
        at += 1
    return None


def run(build, fault=None):
    """Uploads under strace; what is missing from the order."""
    trace = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"receipt-{os.getpid()}")
    wrapper = ["strace", "-f", "-qq", "-yy", "-s", "300", "-e", "signal=none", "-e", f"trace={CALLS}"]
    try:
        with Slot(build, wrapper=[]) as slot:
            faults = Faults(build, slot.folder)
            slot.wrapper = wrapper + ["-E", "LD_PRELOAD=" + faults.preload, "-o", trace]
            slot.env = {**faults.env(), "LD_PRELOAD": ""}
            slot.serve()
            start = os.path.getsize(trace)
            if fault:
                faults.set("sealslotd-store", *fault, lasting=True)
            assert slot.upload("a letter", [File("a", os.urandom(100_000))]).status == 200
            faults.clear()
            end = os.path.getsize(trace)
            slot.stop()
        with open(trace, "rb") as f:
            f.seek(start)
            lines = f.read(end - start).decode("latin-1").splitlines()
        return order([line for line in lines if "resumed>" not in line])
    finally:
        if os.path.exists(trace):
            os.unlink(trace)


def main():
    missing = run(sys.argv[1])
    assert missing is None, f"before the receipt: no \"{missing}\""
    print("in order: " + ", ".join(name for name, _ in STEPS))
    for fault in (("fdatasync", "skip"), ("fsync", "skip")):
        missing = run(sys.argv[1], fault)
        assert missing is not None, f"{fault}: not noticed"
        print(f"without {fault[0]}: noticed at \"{missing}\"")


main()
