"""10,000 ops of random kinds and lengths to store and to mailbox, as a broken front could send them.

The real processes run here with a parent and a front made by the test. What breaks the rules ends the connection (store
asks the parent to end front, too); nobody ends of it, no stored submission changes, honest ops work in between.
"""

# builds: release sanitize
# time limit: 300

import os
import pwd
import random
import socket
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
import frontrig  # noqa: E402
from frontrig import HEAD, OP, hear, memfd, say  # noqa: E402
from slot import File, Slot, sha256  # noqa: E402

OPS = 10_000
ROLE_FRONT = 1
MINE = {"store": ["OP_BEGIN", "OP_COMMIT", "OP_ABORT"],
        "mailbox": ["OP_NAME_TAKE", "OP_NAME_ISSUE", "OP_NAME_DROP", "OP_NAME_GIVE_BACK", "OP_SIGN_IN", "OP_LOOK",
                    "OP_SIGN_OUT", "OP_READ", "OP_READ_MORE", "OP_REMOVE"]}
PROGRAM = {"store": "server/sealslotd-store", "mailbox": "server/mailbox/sealslotd-mailbox"}


class Peer:
    """One process, with the test as its parent and as front."""

    def __init__(self, slot, name, root):
        self.name, self.log = name, open(os.path.join(slot.folder, name + ".log"), "w+", encoding="utf-8")
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
                                        env={**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"})
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
        self.front, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        say(self.parent, "PEER", struct.pack("=I", ROLE_FRONT), fd=theirs.fileno())
        theirs.close()
        self.front.settimeout(30)

    def drain(self):
        """Takes what it has answered; True once it has hung up."""
        self.front.setblocking(False)
        try:
            while True:
                data, fds, _, _ = socket.recv_fds(self.front, 8192, 8)
                for fd in fds:
                    os.close(fd)
                if not data:
                    return True
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.front.settimeout(30)

    def read_blame(self):
        """What it has told its parent since: to end front, or nothing."""
        self.parent.setblocking(False)
        try:
            while self.parent.recv(200):
                self.blamed += 1
        except BlockingIOError:
            pass
        self.parent.setblocking(True)

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


def sizes(name):
    """The length that an op of this kind has, from its struct's fields in op.h; any others are 0."""
    return {"OP_BEGIN": 8, "OP_COMMIT": 80, "OP_LOOK": 44, "OP_SIGN_OUT": 44, "OP_READ": 44, "OP_REMOVE": 77}.get(name, 0)


def random_op(rng, peer):
    """Every third is nothing but noise; the others have a kind and a length that could be right."""
    if rng.random() < 0.3:
        n = rng.choice((0, 1, 15, 16, 17, rng.randrange(4200), rng.randrange(66000)))
        head = HEAD.pack(rng.choice((rng.randrange(1, len(OP) + 3), rng.randrange(2**32))), rng.randrange(2**32),
                         rng.choice((n, rng.randrange(2**32))), rng.choice((0, rng.randrange(-2**31, 2**31))))
        return (head + rng.randbytes(n))[:rng.choice((16 + n, rng.randrange(17), 16 + n))]
    kind = rng.choice(MINE[peer.name])
    body = rng.randbytes(sizes(kind) if rng.random() < 0.9 else rng.randrange(200))
    if kind == "OP_BEGIN" and len(body) == 8 and rng.random() < 0.8:
        body = struct.pack("=Q", rng.randrange(1 << 20))
    if kind == "OP_SIGN_IN":
        body = rng.randbytes(rng.randrange(1100)) if rng.random() < 0.02 else b""
    return HEAD.pack(OP[kind], rng.randrange(1, 60), len(body), 0) + body


def send_noise(peer, seed):
    """Connections are made anew when the rules were broken; how often that was."""
    rng = random.Random(seed)
    broken = sent = 0
    while sent < OPS:
        fds = [os.open("/dev/null", os.O_RDONLY)] if rng.random() < 0.01 else []
        try:
            socket.send_fds(peer.front, [random_op(rng, peer)], fds)
            sent += 1
        except OSError:
            pass
        for fd in fds:
            os.close(fd)
        if peer.drain():
            broken += 1
            assert peer.is_alive(), f"{peer.name} has ended after {sent} ops"
            peer.read_blame()
            peer.connect()
    assert peer.is_alive()
    return broken


def state(slot):
    folder = os.path.join(slot.store, "items")
    return {n: sha256(os.path.join(folder, n)) for n in os.listdir(folder)}


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        slot.upload("a letter", [File("a", os.urandom(50_000))])
        slot.stop()
        with open(os.path.join(slot.folder, "root.pub"), "rb") as f:
            root = f.read().split()[-1]
        before = state(slot)
        assert len(before) == 1
        for name in ("store", "mailbox"):
            peer = Peer(slot, name, root)
            try:
                broken = send_noise(peer, 20)
                assert broken > 100, f"only {broken} connections ended: this wasn't noise"
                assert state(slot) == before, f"{name}: the store has changed"
            finally:
                if peer.is_alive():
                    peer.end()
                peer.log.close()
            print(f"{name}: {OPS} ops, {broken} connections ended, the process went on")
        slot.start()
        assert slot.upload("and afterwards").status == 200
        assert len(slot.carry()) == 2


main()
