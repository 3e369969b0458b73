"""The store's folder belongs to the service's user, and so does its process: root's verbs believe neither.

A broken-in store may put anything in the place of its files (FIFOs, links, folders, huge files, sockets), give them any
name, and answer anything. No verb may hang on that, carry a file of somebody else's away, or print what a terminal obeys.
"""
# builds: release sanitize
# time limit: 400

import contextlib
import json
import os
import pwd
import shutil
import socket
import struct
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from frontrig import ERR, OP, hear, memfd, say  # noqa: E402
from slot import File, Slot  # noqa: E402

PATIENCE = 60  # seconds; a verb that hangs does so for ever, or for ten minutes
SECRET = b"what only root may read\n"
EVIL = b"x\x1b]0;owned\x07\x1b[2J\nproblem: \xff\xfe\xe2\x80\xae\xc2\x9b31m"
ITEM = struct.Struct("=33s25sB5xiIQ32s")
CHECK_IS = struct.Struct("=IIQII")
GOOD = CHECK_IS.pack(0, 0, 0, 1, 0)
MORE, END = struct.pack("=II", 0, 0), struct.pack("=II", 1, 0)  # after a page of rows
PAGE = 20000  # LIMIT_ROWS_PAGE


def nobody():
    user = pwd.getpwnam("nobody")
    return (user.pw_uid, user.pw_gid) if os.getuid() == 0 else (os.getuid(), os.getgid())


def run(slot, verb, *args):
    """(exit status, what it printed); fails if it doesn't end, dies, or prints what no terminal should get."""
    argv = [os.path.join(slot.build, "server/sealslotd"), verb, "--conf", slot.conf, *args]
    try:
        done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as e:
        raise AssertionError(f"{verb} hangs: {e.stderr}") from None
    said = done.stdout + done.stderr
    assert done.returncode in (0, 1, 3), f"{verb} ended with {done.returncode}: {said!r}"
    assert b"ERROR: " not in said and b"runtime error" not in said, said.decode(errors="replace")
    assert_harmless(said)
    return done.returncode, said


def assert_harmless(said):
    text = said.decode()  # or it isn't UTF-8
    bad = [c for c in text if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e]
    assert not bad, f"printed: {said!r}"


VERBS = (("status",), ("status", "--json"), ("check",), ("check", "--json"), ("export", "OUT"), ("backup", "OUT"))


def run_all(slot, verbs=VERBS):
    for verb, *args in verbs:
        out = os.path.join(slot.folder, "out.tar")
        _, said = run(slot, verb, *[out if a == "OUT" else a for a in args])
        assert SECRET not in said
        if os.path.exists(out):
            with open(out, "rb") as f:
                assert SECRET not in f.read(), f"{verb} carries root's file away"
            os.unlink(out)


# ---- what may lie in the place of a file


def fifo(path, _):
    os.mkfifo(path)


def symlink(path, secret):
    os.symlink(secret, path)


def hardlink(path, secret):
    os.link(secret, path)


def folder(path, _):
    os.mkdir(path)


def huge(path, _):
    with open(path, "wb") as f:
        f.truncate(1 << 40)


def device(path, _):
    with contextlib.suppress(PermissionError):
        os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero


def deaf(path, _):
    """A socket whose queue is full, at which nobody answers."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.bind(path)
    s.listen(0)
    kept = [s]
    while True:
        c = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kept.append(c)
        c.settimeout(0)
        try:
            c.connect(path)
        except BlockingIOError:
            return kept


KINDS = (fifo, symlink, hardlink, folder, huge, device)


def planted(slot, name, kind, secret, verbs=VERBS):
    """Puts something in the place of a file of the store, asks all verbs, and puts the file back."""
    path, aside = os.path.join(slot.store, name), os.path.join(slot.folder, "aside")
    had = os.path.lexists(path)
    if had:
        os.rename(path, aside)
    kept = kind(path, secret)
    if kind not in (hardlink, symlink) and os.path.exists(path):
        os.chown(path, *nobody())
    try:
        run_all(slot, verbs)
    finally:
        for s in kept or []:
            s.close()
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
        if had:
            os.rename(aside, path)


def in_the_place_of_files(slot):
    secret = os.path.join(slot.folder, "secret")
    with open(secret, "wb") as f:
        f.write(SECRET)
    os.chmod(secret, 0o600)
    newest = sorted(n for n in os.listdir(os.path.join(slot.store, "keys")) if n.endswith(".txt"))[-1]
    item = "items/" + slot.stored()[0]
    for name in ("serving", "state", "spare", "lock", "index.db", "index.db-journal", "transfer.key", "transfer.pub", "admin.sock",
                 "keys/" + newest, f"keys/{newest}.minisig", "keys/keys-0999.txt", item):
        for kind in KINDS:
            try:
                planted(slot, name, kind, secret)
            except AssertionError as e:
                raise AssertionError(f"{kind.__name__} in the place of {name}: {e}") from e
    for name in ("items", "keys"):
        for kind in (fifo, symlink, huge):
            planted(slot, name, kind, secret)
    planted(slot, "admin.sock", deaf, secret, VERBS[:1])
    assert run(slot, "check")[0] == 0, "the store isn't as it was"


# ---- names


def names(slot):
    for where in ("", "items", "keys"):
        os.close(os.open(os.path.join(slot.store.encode(), where.encode(), EVIL), os.O_CREAT | os.O_WRONLY, 0o600))
    status, said = run(slot, "check")
    lines = [line for line in said.splitlines() if line.startswith(b"problem: ")]
    assert status == 3 and len(lines) == 2 and all(b"owned" in line for line in lines), said
    said = run(slot, "check", "--json")[1].splitlines()
    told = json.loads(next(line for line in said if line.startswith(b"{")))
    assert told["problem_count"] == 2 and len(told["problems"]) == 2, told
    run_all(slot)
    for where in ("", "items", "keys"):
        os.unlink(os.path.join(slot.store.encode(), where.encode(), EVIL))


# ---- a store process in other hands


class Liar(threading.Thread):
    """Listens where the server's store would, as its user, and answers with what it was told to."""

    def __init__(self, slot, status, answers):
        super().__init__(daemon=True)
        self.status, self.answers = status, answers
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        uid, gid = nobody()
        before = os.getegid(), os.geteuid()
        os.setegid(gid)
        os.seteuid(uid)
        try:
            self.sock.bind(os.path.join(slot.store, "admin.sock"))
            self.sock.listen(4)
        finally:
            os.seteuid(before[1])
            os.setegid(before[0])
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.sock.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                while heard := hear(peer):
                    answer = self.answers.get(heard[0], ("RESULT", EVIL, None))
                    op, body, content = answer.pop(0) if isinstance(answer, list) else answer
                    if heard[0] == "STATUS" and "STATUS" not in self.answers:
                        op, body, content = "STATUS_IS", self.status, None
                    fd = None if content is None else memfd(content)
                    say(peer, op, body, err=ERR["ERR_SYS"] if op == "RESULT" else 0, fd=fd)
                    if fd is not None:
                        os.close(fd)

    def end(self, slot):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        os.unlink(os.path.join(slot.store, "admin.sock"))


def true_status(slot):
    """What an honest store says, to be changed."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with s:
        s.connect(os.path.join(slot.store, "admin.sock"))
        say(s, "STATUS")
        return hear(s)[2]


def item(id_=b"0" * 32, inbox=b"tips", day=20000, size=10):
    return ITEM.pack(id_, inbox, 1, day, 1, size, b"h" * 32)


LISTS = {
    "an escape as an inbox": item(inbox=EVIL[:24]),
    "an id that leads elsewhere": item(id_=b"../../secret\0"),
    "an id with no end": item(id_=b"0" * 33),
    "an inbox with no end": item(inbox=b"x" * 25),
    "an escape as an id": item(id_=EVIL[:32]),
    "a day before all days": item(day=-2**31),
    "a day after all days": item(day=2**31 - 1),
    "a size beyond all": item(size=2**64 - 1),
    "twice the same": item() + item(),
    "not ascending": item(id_=b"f" * 32) + item(),
    "half an item": item()[:-1],
    "nothing that exists": item(),
}


def lies(slot, status):
    for what, rows in LISTS.items():
        pages = [("ROWS_ARE", END, r) for r in (rows, rows, rows, b"")]  # for backup, for check, for its second look at each half
        liar = Liar(slot, status, {"CHECK": ("CHECK_IS", GOOD, None), "ROWS": pages, "EXPORT_LIST": ("EXPORT_ITEMS", b"", rows),
                                   "SNAPSHOT": ("SNAPSHOT_IS", b"", EVIL)})
        try:
            for verb in ("export", "backup"):
                code, said = run(slot, verb, os.path.join(slot.folder, "lie.tar"))
                assert code == 1 and (b"isn't one that" in said or what.startswith("nothing")), f"{what}: {said}"
            code, said = run(slot, "check")
            assert code == (3 if what.startswith("nothing") else 1), f"{what}: {said}"
        finally:
            liar.end(slot)
    full = b"".join(item(id_=b"%032x" % n) for n in range(1, PAGE + 1))
    for what, pages in {"a page that is short, and not the last": [(MORE, item())], "no row, and no end": [(MORE, b"")],
                        "rows of the page before": [(MORE, full), (END, item())], "a page too large": [(END, full + item(id_=b"f" * 32))]}.items():
        liar = Liar(slot, status, {"CHECK": ("CHECK_IS", GOOD, None), "ROWS": [("ROWS_ARE", end, rows) for end, rows in pages]})
        try:
            code, said = run(slot, "check")
            assert code == 1 and (b"isn't one that" in said or b"larger than permitted" in said), f"{what}: {said}"
        finally:
            liar.end(slot)
    at = status.index(b"RW")  # the root key; what lies before it are numbers
    for what, lie in {"words": {"STATUS": ("RESULT", EVIL, None)},
                      "days": {"STATUS": ("STATUS_IS", status[:36] + b"\xff" * 4 + status[40:], None)},
                      "an alarm": {"STATUS": ("STATUS_IS", status[:-224] + struct.pack("=Ii33s7x", 1, 20000, EVIL[:33]) + status[-176:], None)},
                      "no end": {"STATUS": ("STATUS_IS", status[:at] + b"R" * 57 + status[at + 57:], None)}}.items():
        liar = Liar(slot, status, lie)
        try:
            for verb in ("status", "check", "clock-ok"):
                assert run(slot, verb)[0] == 1, f"{verb} believes a store that lies about {what}"
        finally:
            liar.end(slot)


def on_the_way(slot, status):
    """A row, or a file, that comes or goes while check looks is no finding; one that stays alone is."""
    name = slot.stored()[0]
    known = item(id_=name[:32].encode(), size=os.path.getsize(os.path.join(slot.store, "items", name)))
    gone = item()
    for what, pages, words in (("a commit", [b"", known], b"all is well"),
                               ("a deletion", [gone + known, known], b"all is well"),
                               ("a file alone", [b"", b""], b"doesn't know submission " + name[:32].encode()),
                               ("a row alone", [gone + known, gone], b"The file of submission " + b"0" * 32 + b" is missing")):
        liar = Liar(slot, status, {"CHECK": ("CHECK_IS", GOOD, None), "ROWS": [("ROWS_ARE", END, rows) for rows in pages]})
        try:
            code, said = run(slot, "check", "--quick")
            assert (code == 0) == (words == b"all is well") and words in said, f"{what}: {said}"
        finally:
            liar.end(slot)


def another_user(slot):
    """A way to somebody else's socket, in the place of the store's."""
    path = os.path.join(slot.store, "admin.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.bind(path)
        s.listen(1)
        if os.getuid() == 0:
            code, said = run(slot, "status")
            assert code == 1 and b"isn't the store's user" in said, said
    os.unlink(path)


def main():
    assert OP["OP_STATUS"]
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        slot.upload("hello", [File("a.txt", b"hello")])
        status = true_status(slot)
        slot.stop()
        names(slot)
        lies(slot, status)
        on_the_way(slot, status)
        another_user(slot)
        in_the_place_of_files(slot)
        slot.start()
        assert len(slot.carry()) == 1


main()
