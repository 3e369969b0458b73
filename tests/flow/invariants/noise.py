"""10,000 ops of random kinds and lengths to store and to mailbox, as a broken front could send them.

The real processes run here with a parent and a front made by the test. What breaks the rules ends the connection (store
asks the parent to end front, too); nobody ends of it, no stored submission changes, honest ops work in between. Much of
the noise is sound up to some point, so uploads begin, get bytes and are committed: over what is stored, too, with wrong
sizes, with a descriptor kept.

Broken on purpose (in the release): a process that dies of an op, a commit that stores nothing, a lease that proves nothing.
"""

# builds: release sanitize
# time limit: 300

import collections
import fcntl
import hashlib
import os
import pwd
import random
import select
import socket
import struct
import subprocess
import sys
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
import frontrig  # noqa: E402
import stock  # noqa: E402
from faults import Faults  # noqa: E402
from frontrig import ERR, HEAD, OP, hear, memfd, say  # noqa: E402
from slot import File, Slot, sha256  # noqa: E402

OPS = 10_000
BETWEEN = {"store": 500, "mailbox": 2500}  # ops of noise from one honest upload to the next: a codename costs a second
ROLE = {"front": 1, "store": 2, "mailbox": 3}
BEGIN, COMMIT = struct.Struct("=QII"), struct.Struct("=33s25sB5xIIQ")
NAMES = {n: name for name, n in OP.items()}
PROGRAM = {"store": "server/sealslotd-store", "mailbox": "server/mailbox/sealslotd-mailbox"}


class Peer:
    """One process, with the test as its parent and as front."""

    def __init__(self, slot, name, root, env=None):
        self.name, self.log = name, open(os.path.join(slot.folder, name + ".log"), "w+", encoding="utf-8")
        self.answers = collections.Counter()  # (op, was it ERR_OK?)
        self.sent, self.stored = {}, set()  # the bytes of each id in a sound commit; ids that were answered with ERR_OK
        self.kept, self.writers, self.committing, self.tokens = [], {}, {}, []
        self.parent, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def setup():
            os.dup2(child.fileno(), 3)
            if os.getuid() == 0:
                user = pwd.getpwnam("nobody")
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
        # As parent/spawn.c has it: a name without a path.
        self.process = subprocess.Popen([os.path.join(slot.build, PROGRAM[name])], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, preexec_fn=setup, pass_fds=(3,),
                                        env={**(env or os.environ), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"})
        child.close()
        with open(slot.conf, "rb") as f:
            conf = memfd(f.read())
        say(self.parent, "CONF", root, fd=conf)
        os.close(conf)
        self.parent.settimeout(60)
        self.front, self.blamed = None, 0
        self.connect()
        say(self.parent, "GO", struct.pack("=II", 0, 0))
        while (said := hear(self.parent)) is None or said[0] != "READY":
            assert said is not None, f"{name} has ended: {self.said()}"

    def connect(self):
        """Another front."""
        if self.front is not None:
            self.front.close()
        for fd in [*self.writers.values(), *self.kept]:
            os.close(fd)
        self.kept, self.writers, self.committing = [], {}, {}
        self.front, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        say(self.parent, "PEER", struct.pack("=I", ROLE["front"]), fd=theirs.fileno())
        theirs.close()
        self.front.settimeout(30)

    def take(self, data, fds):
        """An answer: what it gives is kept for the ops that follow."""
        op, ref, n, err = HEAD.unpack_from(data)
        name, body = NAMES[op], data[HEAD.size:HEAD.size + n]
        self.answers[name, err == 0] += 1
        if name == "OP_BEGUN" and err == 0:
            self.writers[ref] = fds.pop()
        elif name == "OP_COMMITTED":
            item, is_kept = self.committing.pop(ref, (None, False))
            assert err != 0 or not is_kept, "a submission was stored although somebody can still write to it"
            if err == 0:
                self.stored.add(item)
        elif name == "OP_SESSION" and err == 0:
            self.tokens.append(body[:44])
        for fd in fds:
            os.close(fd)
        return name, ref, body, err

    def drain(self):
        """Takes what it has answered; True once it has hung up."""
        self.front.setblocking(False)
        try:
            while True:
                data, fds, _, _ = socket.recv_fds(self.front, 8192, 8)
                if not data:
                    return True
                self.take(data, fds)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.front.settimeout(30)

    def unread(self):
        """Is there something that it hasn't read yet? Else a breach in the queue would end what is sent behind it."""
        return struct.unpack("=i", fcntl.ioctl(self.front, termios.TIOCOUTQ, bytes(4)))[0] > 0

    def is_over(self, patience):
        """Takes what has come, also what a disk takes its time for; has it hung up?"""
        deadline = time.monotonic() + patience
        while not (is_over := self.drain()) and (self.committing or self.unread()) and time.monotonic() < deadline:
            select.select([self.front], [], [], 0.002)
        return is_over

    def ask(self, op, ref, body, answer):
        """Waits for this answer to this ref; its body and its error."""
        say(self.front, op, body, ref=ref)
        while True:
            data, fds, _, _ = socket.recv_fds(self.front, 8192, 8)
            assert data, f"{self.name} hangs up on an honest {op}"
            name, theirs, got, err = self.take(data, fds)
            if (name, theirs) == (answer, ref):
                return got, err

    def read_blame(self):
        """What it has told its parent since: to end front, or nothing."""
        self.parent.setblocking(False)
        try:
            while self.parent.recv(200):
                self.blamed += 1
            is_gone = True
        except BlockingIOError:
            is_gone = False
        except ConnectionResetError:
            is_gone = True
        self.parent.setblocking(True)
        assert not is_gone, f"{self.name} has ended: {self.said()[-300:]}"

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def is_alive(self):
        return self.process.poll() is None

    def end(self):
        self.parent.close()
        self.front.close()
        status = self.process.wait(30)
        assert status == 0, f"{self.name} ended with {status}: {self.said()}"


def op_table(build, name):
    """{op: (shortest, longest body)} of what front may say to it, as the product's own table has it."""
    lines = subprocess.check_output([os.path.join(build, "tests/flow/invariants/sealslot-op-table")], text=True).splitlines()
    rules = {int(op): [int(x) for x in rest] for op, _, *rest in map(str.split, lines)}
    assert rules[OP["OP_BEGIN"]][2] == BEGIN.size and rules[OP["OP_COMMIT"]][2] == COMMIT.size, "op.h has changed"
    return {op: (low, high) for op, (source, to, low, high) in rules.items()
            if source >> ROLE["front"] & 1 and to >> ROLE[name] & 1}


def commit_of(item, size, inbox=b"tips"):
    return COMMIT.pack(item.encode(), inbox, 0, 1, 1, size)


def sound_commit(rng, peer, stored):
    """Of an upload that has begun: as it should be, or with one thing that isn't."""
    ref = rng.choice(list(peer.writers))
    fd, content = peer.writers.pop(ref), rng.randbytes(rng.randrange(1, 5000))
    os.write(fd, content)
    how = rng.choice(("good", "good", "kept", "size", "again", "inbox"))
    item = rng.choice(stored) if how == "again" else os.urandom(16).hex()
    if how == "kept":
        peer.kept.append(fd)
    else:
        os.close(fd)
    if how in ("good", "kept"):
        peer.sent[item] = content
    peer.committing[ref] = item, how == "kept"
    size = len(content) + (rng.choice((-1, 1, 2**40)) if how == "size" else 0)
    return HEAD.pack(OP["OP_COMMIT"], ref, COMMIT.size, 0) + commit_of(item, size, b"tips" if how != "inbox" else b"nobody")


def random_op(rng, peer, table, stored):
    """Some are nothing but noise; the others have a kind and a length that could be right."""
    if rng.random() < 0.05:
        n = rng.choice((0, 1, 15, 16, 17, rng.randrange(4200), rng.randrange(66000)))
        head = HEAD.pack(rng.choice((rng.randrange(1, len(OP) + 3), rng.randrange(2**32))), rng.randrange(2**32),
                         rng.choice((n, rng.randrange(2**32))), rng.choice((0, rng.randrange(-2**31, 2**31))))
        return (head + rng.randbytes(n))[:rng.choice((16 + n, rng.randrange(17), 16 + n))]
    if peer.writers and rng.random() < 0.4:
        return sound_commit(rng, peer, stored)
    kind = rng.choice(list(table))
    low, high = table[kind]
    body = rng.randbytes(rng.choice((low, high)) if rng.random() < 0.9 else rng.randrange(200))
    if kind == OP["OP_BEGIN"] and len(body) == BEGIN.size and rng.random() < 0.9:
        body = BEGIN.pack(rng.choice((rng.randrange(1 << 20), rng.randrange(1 << 20), 1 << 50)), rng.random() < 0.1, 0)
    elif kind == OP["OP_COMMIT"] and rng.random() < 0.9:
        kind, body = OP["OP_ABORT"], b""  # a commit of noise ends the connection, and so all that has begun
    elif kind == OP["OP_SIGN_IN"] and rng.random() < 0.98:
        body = b""
    elif len(body) >= 44 and peer.tokens and rng.random() < 0.3:
        body = rng.choice(peer.tokens) + body[44:]
    # A ref that is in use ends the connection.
    ref = rng.randrange(10_000, 2**31) if kind == OP["OP_BEGIN"] and rng.random() < 0.9 else rng.randrange(1, 60)
    return HEAD.pack(kind, ref, len(body), 0) + body


def honest_upload(slot, peer):
    content, item = os.urandom(70_000), os.urandom(16).hex()
    _, err = peer.ask("BEGIN", 1000, BEGIN.pack(len(content), 0, 0), "OP_BEGUN")
    assert err == 0, f"an honest upload doesn't begin: {err}"
    fd = peer.writers.pop(1000)
    os.write(fd, content)
    os.close(fd)
    peer.sent[item], peer.committing[1000] = content, (item, False)
    _, err = peer.ask("COMMIT", 1000, commit_of(item, len(content)), "OP_COMMITTED")
    assert err == 0, f"an honest upload isn't committed: {err}"
    path = os.path.join(slot.store, "items", item + ".age")
    assert os.path.exists(path), "an honest upload was committed, and isn't there"
    with open(path, "rb") as f:
        assert f.read() == content, "an honest upload isn't whole"


def honest_codename(_, peer):
    for _ in range(20):
        body, err = peer.ask("NAME_TAKE", 1000, b"", "OP_NAME")
        if err != ERR["ERR_BUSY"]:
            break  # the noise has taken all that were ready
    assert err == 0 and len(body) == 64, f"no codename: {err}"
    body, err = peer.ask("NAME_ISSUE", 1000, b"", "OP_SESSION")
    assert err == 0, f"no session: {err}"
    body, err = peer.ask("LOOK", 1001, body[:44], "OP_SESSION_IS")
    assert err == 0 and body[:96].rstrip(b"\0").count(b" ") == 7, f"a session without its codename: {err}"


HONEST = {"store": honest_upload, "mailbox": honest_codename}


def send_noise(slot, peer, seed, ops=OPS):
    """Connections are made anew when the rules were broken, and for honest work; how often they were broken."""
    rng, table = random.Random(seed), op_table(slot.build, peer.name)
    stored = [name.partition(".")[0] for name in slot.stored()]
    broken = sent = 0
    while sent < ops:
        fds = [os.open("/dev/null", os.O_RDONLY)] if rng.random() < 0.01 else []
        try:
            socket.send_fds(peer.front, [random_op(rng, peer, table, stored)], fds)
        except OSError:
            pass
        sent += 1
        for fd in fds:
            os.close(fd)
        if peer.is_over(patience=1 if rng.random() < 0.5 else 0):
            broken += 1
            peer.read_blame()
            peer.connect()
        if sent % BETWEEN[peer.name] == 0:
            peer.connect()
            HONEST[peer.name](slot, peer)
    peer.read_blame()
    assert peer.is_alive(), f"{peer.name} has ended"
    return broken


def state(slot):
    folder = os.path.join(slot.store, "items")
    return {n: sha256(os.path.join(folder, n)) for n in os.listdir(folder)}


def check_state(slot, peer, before):
    """What was there is as it was; what is new came in a sound commit, as it is; what was committed is there."""
    after = state(slot)
    assert {n: after.get(n) for n in before} == before, f"{peer.name}: a stored submission has changed"
    sent = {item + ".age": hashlib.sha256(content).hexdigest() for item, content in peer.sent.items()}
    for name in after.keys() - before:
        assert after[name] == sent.get(name), f"{name} is nothing that was sent"
    missing = {item + ".age" for item in peer.stored} - after.keys()
    assert not missing, f"committed, and not there: {missing}"


def check_work(peer):
    """The noise came beyond the front door."""
    work = {"store": ("OP_BEGUN", "OP_COMMITTED"), "mailbox": ("OP_NAME", "OP_SESSION", "OP_SESSION_IS")}[peer.name]
    honest = OPS // BETWEEN[peer.name]
    for op in work:
        assert peer.answers[op, True] >= honest + (peer.name == "store"), f"{op}: only {peer.answers[op, True]} with ERR_OK, {honest} of them honest"
        assert op == "OP_SESSION" or peer.answers[op, False] > 0, f"{op}: never with an error"
    return ", ".join(f"{op} {peer.answers[op, True]} ok, {peer.answers[op, False]} refused" for op in work)


def noise_at(slot, name, root):
    before = state(slot)
    peer = Peer(slot, name, root)
    try:
        broken = send_noise(slot, peer, 20)
        assert broken > 100, f"only {broken} connections ended: this wasn't noise"
        told = check_work(peer)
    finally:
        if peer.is_alive():
            peer.end()
        peer.log.close()
    check_state(slot, peer, before)
    print(f"{name}: {OPS} ops, {broken} connections ended, the process went on; {told}")


def broken_on_purpose(slot, root):
    """Each is noticed."""
    faults = Faults(slot.build, slot.folder)
    for process, fault, says in (("store", ("recvmsg", "kill-before", 200), "has ended"),
                                 ("mailbox", ("recvmsg", "kill-before", 200), "has ended"),
                                 ("store", ("linkat", "skip"), "isn't there"),
                                 ("store", ("lease", "skip"), "can still write")):
        before = state(slot)
        peer = Peer(slot, process, root, faults.env())
        faults.set("sealslotd-" + process, *fault, lasting=fault[1] == "skip")
        try:
            send_noise(slot, peer, 21, OPS)  # until it is noticed
            check_state(slot, peer, before)
        except ConnectionError:
            assert says == "has ended"
        except AssertionError as e:
            assert says in str(e) or (says == "has ended" and "hangs up" in str(e)), f"{fault}: {e}"
        else:
            raise AssertionError(f"{process}, {fault}: not noticed")
        finally:
            faults.clear()
            for sock in (peer.parent, peer.front):
                sock.close()
            peer.process.wait(30)
            peer.log.close()
        print(f"{process} with {fault[0]} {fault[1]}: noticed")


def is_sanitized(build):
    """The sanitizers' library must be the first; faults.c can't come before it."""
    with open(os.path.join(build, PROGRAM["store"]), "rb") as f:
        return b"__asan_init" in f.read()


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        slot.upload("a letter", [File("a", os.urandom(50_000))])
        slot.stop()
        with open(os.path.join(slot.folder, "root.pub"), "rb") as f:
            root = f.read().split()[-1]
        for name in ("store", "mailbox"):
            noise_at(slot, name, root)
        slot.start()
        assert slot.upload("and afterwards").status == 200
        items = stock.bundle_items(slot.export())
        stored = state(slot)
        assert {i + ".age": hashlib.sha256(c).hexdigest() for i, c in items.items()} == stored, "not all of it gets to the desks"
        slot.stop()
        if not is_sanitized(slot.build):
            broken_on_purpose(slot, root)


main()
