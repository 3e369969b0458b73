"""Invariant 3: front can't read, overwrite, truncate, list or delete a stored submission, nor reach anything else.

The front that runs here is the released one with a hook for running attacks (breakin.c). Each attack ends the process, or
is refused where front needs the call itself; without the system call filter, what stands behind it refuses.
Without any sandbox the same attacks succeed: the test can fail.
"""

# time limit: 300
# alone

import contextlib
import errno
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from faults import Faults  # noqa: E402
from slot import File, Slot, body_of, sha256  # noqa: E402
import socket  # noqa: E402

FILES = ["open-item", "open-item-to-write", "open-any", "open-folder", "create-file", "unlink-item", "rename-item",
         "truncate-item", "chmod-item", "stat-item", "memory-of-parent"]
UPLOAD = ["reopen-writer", "read-upload", "pread-upload", "map-upload", "overwrite-upload", "truncate-upload", "seek-upload",
          "allocate-upload", "unappend-upload", "mode-of-upload", "link-upload", "fill-upload"]
OTHERS = ["connect-tcp", "connect-admin", "listen-elsewhere", "run-program", "new-process", "new-thread", "trace-parent",
          "read-parent", "kill-parent", "tgkill-parent", "executable-memory", "new-namespace", "ring"]
# The listening socket is the only one with a way out, and the parent's, too.
LISTENER = ["connect-listener", "fastopen", "fastopen-message", "send-to-address", "shut-listener", "copy-listener",
            "deafen-listener"]
ENDED = ["noise-store", "noise-parent", "descriptor-to-store"]
NOISE = ["noise-store", "noise-mailbox", "noise-parent", "descriptor-to-store"]
# Told no by the kernel, not killed: the call itself is one that front needs.
REFUSED = {"read-upload", "pread-upload", "map-upload", "fill-upload"}
# What Landlock and lost privileges refuse by themselves, with no filter in front of them.
SECOND_LAYER = ["open-item", "open-item-to-write", "open-any", "open-folder", "create-file", "unlink-item", "rename-item",
                "truncate-item", "memory-of-parent", "trace-parent", "read-parent", "run-program"]
SECOND_LAYER_UPLOAD = ["reopen-writer", "read-upload", "pread-upload", "map-upload", "link-upload", "fill-upload"]
# Without any sandbox each attack succeeds but these: the layer that refuses it then, and with which errno.
OTHER_LAYER = {
    "open-item-to-write": ("the item's mode, 0400", {errno.EACCES}),
    "truncate-item": ("the item's mode, 0400", {errno.EACCES}),
    "memory-of-parent": ("the parent is another user's", {errno.EACCES, errno.EPERM}),
    "trace-parent": ("the parent is another user's", {errno.EPERM}),
    "read-parent": ("the parent is another user's", {errno.EPERM}),
    "new-namespace": ("a process with threads gets none", {errno.EINVAL}),
    "reopen-writer": ("the upload's mode, 0", {errno.EACCES}),
    "read-upload": ("the descriptor is write-only", {errno.EBADF}),
    "pread-upload": ("the descriptor is write-only", {errno.EBADF}),
    "map-upload": ("the descriptor is write-only", {errno.EACCES}),
    "fill-upload": ("the size of a file, which the parent limits", {errno.EFBIG}),
}
MAX_UPLOAD = 4 << 20  # less than fill-upload writes, even sealed and padded


def put_together(build, folder):
    """A build folder whose front is the one with the hook."""
    to = os.path.join(folder, "broken-in")
    os.makedirs(os.path.join(to, "server/front"))
    os.makedirs(os.path.join(to, "server/mailbox"))
    os.chmod(to, 0o755)
    for name, source in (("server/sealslotd", None), ("server/sealslotd-store", None), ("server/mailbox/sealslotd-mailbox", None),
                         ("server/front/sealslotd-front", "tests/flow/invariants/sealslotd-front-breakin")):
        shutil.copy(os.path.join(build, source or name), os.path.join(to, name))
    for name in ("keys", "client", "tests"):
        os.symlink(os.path.join(build, name), os.path.join(to, name))
    return to


class Siege:
    def __init__(self, slot, layer):
        self.slot, self.layer = slot, layer
        self.items = os.path.join(slot.store, "items")
        self.target = os.path.join(self.items, slot.stored()[0])
        self.restarts = 0

    def start(self):
        self.slot.env = {**(self.slot.env or os.environ), "SEALSLOT_BREAKIN": self.layer, "SEALSLOT_BREAKIN_FOLDER": self.items,
                         "SEALSLOT_BREAKIN_TARGET": self.target}
        self.slot.start()

    def state(self):
        """Every stored submission: name, bytes, mode."""
        return {n: (sha256(os.path.join(self.items, n)), os.stat(os.path.join(self.items, n)).st_mode)
                for n in sorted(os.listdir(self.items))}

    def log(self, start):
        with open(self.slot.log, encoding="utf-8", errors="replace") as f:
            f.seek(start)
            return f.read()

    def attack(self, name):
        """"refused ERRNO", "done", or "killed"."""
        start = os.path.getsize(self.slot.log)
        try:
            self.slot.get("/run-this/" + name)
        except OSError:
            pass
        except Exception as e:  # half an answer of a process that has just died
            assert "http.client" in type(e).__module__, e
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            text = self.log(start)
            said = re.search(rf"breakin {name} (refused \d+|done|unknown)", text)
            if said:
                return said[1]
            if self.layer == "no-sandbox" and re.search(r"front (ended with status 0|was ended by signal 9)", text):
                return "done"  # it became another program, which has no word for the parent
            if f"breakin {name} tried" in text and re.search(r"front was ended by signal (31|9)\.", text):
                return "killed"
            time.sleep(0.02)
        raise AssertionError(f"{name}: nothing came of it\n{self.log(start)}")

    def wait_for_log(self, start, words):
        deadline = time.monotonic() + 20
        while words not in self.log(start):
            assert time.monotonic() < deadline, f"the log never says: {words}\n{self.log(start)}"
            time.sleep(0.02)

    def revive(self):
        """At most a few deaths of one server: each makes the parent wait longer."""
        self.restarts += 1
        if self.restarts % 5 == 0:
            self.slot.stop()
            self.slot.start()
        else:
            self.slot.wait_for(200)


def has_writer(slot):
    """Does front hold the descriptor of an upload?"""
    for pid in slot.pids()[1:]:
        with open(f"/proc/{pid}/comm", encoding="ascii") as f:
            if not f.read().startswith("sealslotd-fron"):
                continue
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                if os.readlink(f"/proc/{pid}/fd/{fd}").startswith(os.path.join(slot.store, "items/")):
                    return True
            except OSError:
                pass
    return False


class Upload:
    """One that stays in the middle of its body."""

    def __init__(self, slot):
        self.slot = slot
        form = slot.form()
        body, kind = body_of(form.parts("in the middle", [File("a", b"x" * 300_000)]))
        self.s = socket.create_connection(("127.0.0.1", slot.port))
        self.s.sendall(f"POST {form.action} HTTP/1.1\r\nHost: {slot.host}\r\nContent-Type: {kind}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:-50_000])
        deadline = time.monotonic() + 20
        while not has_writer(slot):
            assert time.monotonic() < deadline, "the upload doesn't begin"
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Its descriptor's number must not be somebody else's in the next attack."""
        self.s.close()
        deadline = time.monotonic() + 20
        while has_writer(self.slot):
            assert time.monotonic() < deadline, "the upload doesn't end"
            time.sleep(0.02)


def file_limits(slot):
    """Of each process, by the start of its name: how large a file that it writes may become."""
    limits = {}
    for pid in slot.pids()[1:]:
        with open(f"/proc/{pid}/comm", encoding="ascii") as f:
            name = f.read().strip().removeprefix("sealslotd-")[:5]
        with open(f"/proc/{pid}/limits", encoding="ascii") as f:
            limits[name] = next(line for line in f if line.startswith("Max file size")).split()[3:5]
    return limits


def has_file_limits(slot):
    """Front and mailbox can't fill the disk: no upload, and no log, grows larger than an upload may become."""
    of = file_limits(slot)
    for name in ("front", "mailb"):
        soft, hard = of[name]
        assert soft == hard and hard.isdigit() and MAX_UPLOAD < int(hard) < 2 * MAX_UPLOAD, f"{name}: {of[name]}"
    print(f"no file of front's or the mailbox's may have more than {of['front'][1]} bytes")


def without_file_limits(siege, faults):
    """Broken on purpose: the parent sets none."""
    faults.set("sealslotd", "setrlimit", "skip", lasting=True)
    siege.start()
    faults.clear()
    assert file_limits(siege.slot)["front"][1] == "unlimited", "the fault made no difference"
    with Upload(siege.slot):
        assert (what := siege.attack("fill-upload")) == "done", f"fill-upload fails without its limit, too: {what}"


def try_all(siege, names, in_upload=False):
    before = siege.state()
    came = {}
    for name in names:
        if in_upload:
            with Upload(siege.slot):
                came[name] = siege.attack(name)
        else:
            came[name] = siege.attack(name)
        if came[name] == "killed":
            siege.revive()
        assert siege.state() == before, f"{name}: the store has changed"
    return came


def judge(came, layer):
    for name, what in came.items():
        expected = "refused" if layer or name in REFUSED else "killed"
        assert what.split()[0] == expected, f"{name} ({layer or 'whole'}): {what}"
    print(f"{layer or 'whole'}: " + ", ".join(f"{n} {w}" for n, w in came.items()))


def without_sandbox(siege):
    """All of them: each succeeds, or another layer is known to refuse it."""
    told = {}
    keep = os.path.join(siege.slot.folder, "kept.age")
    shutil.copy2(siege.target, keep)
    owner = os.stat(siege.target)
    for name in FILES + OTHERS + UPLOAD:
        with Upload(siege.slot) if name in UPLOAD else contextlib.nullcontext():
            what = siege.attack(name)
        layer, errors = OTHER_LAYER.get(name, ("", set()))
        if not layer:
            assert what == "done", f"{name} fails without a sandbox, too: {what}"
        elif what != "done":
            assert what in {f"refused {e}" for e in errors}, f"{name}: {what}, not because of {layer}"
            told[name] = layer
        siege.slot.wait_for(200)
        for left in set(os.listdir(siege.items)) - {os.path.basename(siege.target)}:
            os.unlink(os.path.join(siege.items, left))
        if os.path.exists(siege.target):
            os.unlink(siege.target)
        shutil.copy2(keep, siege.target)
        os.chown(siege.target, owner.st_uid, owner.st_gid)
    print(f"without a sandbox {len(FILES + OTHERS + UPLOAD) - len(told)} attacks succeed; others: " +
          ", ".join(f"{n} ({layer})" for n, layer in told.items()))


def noise(siege):
    """Nonsense to the others: each lives, and only front is ended for it (the mailbox hangs up on it)."""
    before = siege.state()
    pids = siege.slot.pids()
    names = {p: open(f"/proc/{p}/comm", encoding="ascii").read().strip() for p in pids}
    others = {p for p, n in names.items() if "front" not in n}
    for name in NOISE:
        start = os.path.getsize(siege.slot.log)
        siege.attack(name)
        if name in ENDED:
            siege.wait_for_log(start, "front was ended by signal 9")
        siege.slot.wait_for(200)
        assert siege.state() == before, name
        assert others <= set(siege.slot.pids()), f"{name} has ended more than front: {siege.log(0)[-400:]}"
    print("noise: only front was ended")


def kept_writer(siege, broken=False):
    """A descriptor that is kept beyond the commit: store notices that a writer is left, keeps nothing, ends front."""
    before = siege.state()
    siege.attack("keep")
    answer = "none"
    try:
        answer = siege.slot.upload("kept open", [File("a", b"y" * 100_000)]).status
    except Exception as e:
        answer = type(e).__name__
    if broken:
        # Without the lease that looks for writers it is stored, and changed after its receipt.
        assert siege.state() != before, "the fault made no difference"
        stored = siege.state()
        assert siege.attack("write-kept") == "done" and siege.state() != stored, "the test couldn't see it"
        return
    siege.slot.wait_for(200)
    assert siege.state() == before, "a submission with a writer left was stored"
    assert answer != 200, "a receipt for it"
    assert "front broke the rules" in siege.log(0)
    print(f"a kept writer: {answer}, front ended, nothing stored")


def released_has_none(build):
    """Neither the hook nor its words are in what is installed."""
    front = os.path.join(build, "server/front/sealslotd-front")
    with open(front, "rb") as f:
        content = f.read()
    assert b"breakin" not in content and b"/run-this" not in content and b"__wrap_" not in content
    names = subprocess.check_output(["nm", "-a", front], text=True)
    assert "__wrap_" not in names and " route_admit" in names, "nm sees nothing"
    with open(os.path.join(build, "tests/flow/invariants/sealslotd-front-breakin"), "rb") as f:
        assert b"/run-this" in f.read(), "the test looks for the wrong words"


def main():
    build = os.path.abspath(sys.argv[1])
    released_has_none(build)
    with Slot(build, {"store": {"max_upload": "4M"}}) as slot:
        slot.build = put_together(build, slot.folder)
        faults = Faults(build, slot.folder)
        faults.derive_cheaply()
        slot.env = faults.env()
        slot.serve()
        slot.upload("the letter", [File("one.pdf", os.urandom(200_000))])
        slot.stop()
        siege = Siege(slot, "")
        siege.start()
        has_file_limits(slot)
        judge(try_all(siege, FILES + OTHERS + LISTENER), "")
        judge(try_all(siege, UPLOAD, in_upload=True), "")
        slot.stop()
        siege.layer = "no-filter"
        siege.start()
        judge(try_all(siege, SECOND_LAYER), "no-filter")
        judge(try_all(siege, SECOND_LAYER_UPLOAD, in_upload=True), "no-filter")
        # Landlock doesn't see these: the filter alone stands before them. The last one ends the listener for good.
        for name in ("new-thread", "copy-listener", "deafen-listener", "connect-listener"):
            assert (what := siege.attack(name)) == "done", f"{name} fails without the filter, too: {what}"
        slot.stop()
        siege.layer = ""
        siege.start()
        noise(siege)
        slot.stop()
        siege.start()
        kept_writer(siege)
        slot.stop()
        # Broken on purpose.
        siege.start()
        faults.set("sealslotd-store", "lease", "skip", lasting=True)
        kept_writer(siege, broken=True)
        faults.clear()
        slot.stop()
        without_file_limits(siege, faults)
        slot.stop()
        siege.layer = "no-sandbox"
        siege.start()
        without_sandbox(siege)


main()
