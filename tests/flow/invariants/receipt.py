"""Invariant 5: the receipt comes after the ciphertext would survive a power cut.

strace says in which order things happened: the file's content, its name, the folder and the index are all on the medium
before the answer that leads to the receipt: each has ended, and well, before the next begins. Broken on purpose: leaving
away any one of the syncs is noticed, and so is a trace in which one fails, or still runs when the receipt goes out.
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
INDEX, JOURNAL = r"\(\d+</[^>]*index\.db>", r"\(\d+</[^>]*index\.db-journal>"
SYNC = r"f(?:data)?sync"
# What has to have happened, in this order, each step begun after the one before it has ended well; the call as strace -yy
# writes it. SQLite's own: the journal lies on the medium before the index changes, and its end after that.
STEPS = [("the file's content is synced", SYNC + r"\(\d+</[^>]*items/[^>]*\(deleted\)>|" + SYNC + r"\(\d+</[^>]*items/#\d+"),
         ("it gets its name", r"linkat\(.*\.age\""),
         ("the folder is synced", SYNC + r"\(\d+</[^>]*/items>"),
         ("the journal is written", r"pwrite64" + JOURNAL),
         ("the journal is synced", SYNC + JOURNAL),
         ("the journal's folder is synced", SYNC + r"\(\d+</[^>]*/store>"),
         ("its head is written", r"pwrite64" + JOURNAL),
         ("its head is synced", SYNC + JOURNAL),
         ("the row is written", r"pwrite64" + INDEX),
         ("the index is synced", SYNC + INDEX),
         ("the journal is emptied", r"ftruncate" + JOURNAL + r", 0\)"),
         ("its end is synced", SYNC + JOURNAL),
         ("the receipt goes out", r"(?:sendto|sendmsg|writev|write)\(\d+<TCP[^>]*>.*HTTP/1\.1 303")]


class Call:
    """One system call: its text, and the numbers of the lines in which it began and ended (None: it hasn't)."""

    def __init__(self, text, began):
        self.text, self.began, self.ended, self.is_good = text, began, None, False

    def end(self, text, at):
        self.text += text
        result = re.search(r"= (-?\d+)[^=]*$", self.text)
        self.ended, self.is_good = at, result is not None and int(result[1]) >= 0


def calls_of(lines):
    """In the order in which they began; the two halves of an interrupted one are joined."""
    calls, halves = [], {}
    for at, line in enumerate(lines):
        pid, _, text = line.strip().partition(" ")
        text = text.strip()
        if resumed := re.match(r"<\.\.\. \w+ resumed>", text):
            if pid in halves:
                halves.pop(pid).end(text[resumed.end():], at)
            continue
        calls.append(Call(text.removesuffix("<unfinished ...>").rstrip(), at))
        if text.endswith("<unfinished ...>"):
            halves[pid] = calls[-1]
        else:
            calls[-1].end("", at)
    return calls


def order(lines):
    """The first step that doesn't begin after those before it have ended well, and isn't refused; None when all do."""
    calls, after = calls_of(lines), -1
    for name, pattern in STEPS:
        found = [c for c in calls if c.began > after and re.match(pattern, c.text)]
        if name == STEPS[-1][0]:
            return None if found else name
        good = [c for c in found if c.is_good]
        if not good:
            return name
        after = good[0].ended
    return None


def check_receipt(lines):
    """The receipt is the first one that went out, and everything was over before it began."""
    receipt = next((c.began for c in calls_of(lines) if re.match(STEPS[-1][1], c.text)), None)
    if receipt is None:
        return STEPS[-1][0]
    # What ended after the receipt began hadn't happened when it was sent.
    return order(lines[:receipt + 1])


def trace_of(build, fault=None):
    """Uploads under strace, with the nth sync of the store left away; the lines of that, and whether it came to that."""
    trace = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"receipt-{os.getpid()}")
    wrapper = ["strace", "-f", "-qq", "-yy", "-s", "300", "-e", "signal=none", "-e", f"trace={CALLS}"]
    try:
        with Slot(build) as slot:
            faults = Faults(build, slot.folder)
            faults.derive_cheaply()
            slot.wrapper = wrapper + ["-E", "LD_PRELOAD=" + faults.preload, "-o", trace]
            slot.env = {**faults.env(), "LD_PRELOAD": ""}
            slot.serve()
            assert slot.upload("the first one makes the journal").status == 200
            for at in fault or [None]:
                start = os.path.getsize(trace)
                if at:
                    faults.set("sealslotd-store", *at)
                status = slot.upload("a letter", [File("a", os.urandom(100_000))]).status
                fired = faults.fired() if at else 0
                faults.clear()
                assert status == 200, status
                with open(trace, "rb") as f:
                    f.seek(start)
                    yield f.read().decode("latin-1").splitlines(), fired
    finally:
        if os.path.exists(trace):
            os.unlink(trace)


def doctored(lines):
    """What a server would leave that sends its receipt while a sync runs, after one that failed, or doesn't wait for it."""
    lines = list(joined(lines))
    at = next(i for i, line in enumerate(lines) if re.match(STEPS[-1][1], line.partition(" ")[2]))
    for name, pattern in [s for s in STEPS if "synced" in s[0]]:
        i = max(k for k, line in enumerate(lines[:at]) if re.match(pattern, line.partition(" ")[2]))
        pid, _, text = lines[i].partition(" ")
        call = text[:text.rindex("= ")]
        yield f"{name}: fails", lines[:i] + [f"{pid} {call}= -1 EIO (Input/output error)"] + lines[i + 1:]
        yield f"{name}: still runs", lines[:i] + [f"{pid} {call.rstrip().removesuffix(')')} <unfinished ...>"] + lines[i + 1:at + 1] + \
            [f"{pid} <... {call.partition('(')[0]} resumed>) = 0"] + lines[at + 1:]
        yield f"{name}: never ends", lines[:i] + [f"{pid} {call.rstrip().removesuffix(')')} <unfinished ...>"] + lines[i + 1:]


def interrupted(lines):
    """The same as strace writes it when other threads' calls come in between: each call in two halves."""
    for line in joined(lines):
        if call := re.fullmatch(r"(\d+ )((\w+)\(.*)(\) += .*)", line):
            yield f"{call[1]}{call[2]} <unfinished ...>"
            yield f"{call[1]}<... {call[3]} resumed>{call[4]}"


def joined(lines):
    """Each call in one line, where it ended."""
    halves = {}
    for line in lines:
        pid, _, text = line.strip().partition(" ")
        text = text.strip()
        if text.endswith("<unfinished ...>"):
            halves[pid] = text.removesuffix("<unfinished ...>").rstrip()
        elif resumed := re.match(r"<\.\.\. \w+ resumed>", text):
            yield f"{pid} {halves.pop(pid, '')}{text[resumed.end():]}"
        else:
            yield f"{pid} {text}"


def main():
    for lines, _ in trace_of(sys.argv[1]):
        missing = check_receipt(lines)
        assert missing is None, f"before the receipt: no \"{missing}\""
    print("in order: " + ", ".join(name for name, _ in STEPS))
    missing = check_receipt(list(interrupted(lines)))
    assert missing is None, f"in two halves: no \"{missing}\""
    # A trace with one thing changed in it.
    for what, changed in doctored(lines):
        assert check_receipt(changed) is not None, f"not noticed: {what}"
    print("noticed: syncs that fail, still run or never end when the receipt goes out")
    # The store itself, without one of its syncs.
    each = [(call, "skip", n) for call in ("fdatasync", "fsync") for n in range(1, 9)]
    left_away = []
    for (call, _, n), (lines, fired) in zip(each, trace_of(sys.argv[1], each)):
        if fired:
            missing = check_receipt(lines)
            assert missing is not None, f"not noticed: {call} number {n} left away"
            left_away.append(f"{call} {n}: \"{missing}\"")
    assert len(left_away) >= 5, left_away
    print("left away, and noticed: " + ", ".join(left_away))


main()
