"""The front process alone: a parent and a store made here, so that a test says what store answers, and when.

    with Front(sys.argv[1]) as front:
        front.store.room(2**40)
        ...front.connect(), front.get("/")...

A store keeps the sealed bytes of each upload (unlinked files); front.store.items says what was committed.
"""

import array
import base64
import contextlib
import fcntl
import html
import http.client
import os
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time

INSTANCE = "a" * 55 + "d.onion"
PASSPHRASE = "correct horse battery staple orchard violin"
BOUNDARY = "----geckoformboundary0123456789abcdef0123456789abcdef"
MULTIPART = "multipart/form-data; boundary=" + BOUNDARY

HEAD = struct.Struct("=IIIi")
F_ADD_SEALS, SEALS = 1033, 0xF


def enum_of(path, name, first):
    """The numbers of a C enum, as the header has it."""
    with open(path, encoding="utf-8") as f:
        body = re.search(r"enum %s \{(.*?)\};" % name, f.read(), re.S)[1]
    names = re.findall(r"^\s*([A-Z_0-9]+)", re.sub(r"/\*.*?\*/", "", body, flags=re.S), re.M)
    return {n: i for i, n in enumerate(names, first)}


ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OP = enum_of(os.path.join(ROOT, "server/wire/op.h"), "op", 1)
ERR = enum_of(os.path.join(ROOT, "keys/base/err.h"), "err", 0)
ROLE_STORE, ROLE_MAILBOX = 2, 3
OK, NOSPACE, LIMIT, BUSY, SYS, NOTFOUND = (ERR["ERR_" + n] for n in ("OK", "NOSPACE", "LIMIT", "BUSY", "SYS", "NOTFOUND"))
CODENAME = "abacus abdomen abide able abnormal abrasion absence absinth"


def memfd(content):
    fd = os.memfd_create("rig", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, content)
    fcntl.fcntl(fd, F_ADD_SEALS, SEALS)
    return fd


def say(sock, op, body=b"", ref=0, err=0, fd=None):
    message = [HEAD.pack(OP["OP_" + op], ref, len(body), err), body]
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
    sock.sendmsg(message, control)


def hear(sock):
    data = sock.recv(8192)
    if not data:
        return None
    op, ref, n, err = HEAD.unpack_from(data)
    return next(k for k, v in OP.items() if v == op)[3:], ref, data[HEAD.size:HEAD.size + n], err


class Page:
    """An answer of the server."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode(errors="replace")
        title = re.search(r"<h1>(.*?)</h1>", self.text, re.S)
        self.h1 = html.unescape(title[1]).strip() if title else ""

    def token(self):
        return re.search(r'name="token" value="([^"]+)"', self.text)[1]


def part(name, content, filename=None):
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def body_of(token, message=b"", files=()):
    """A form as a browser sends it."""
    files = files or [("", b"")]
    return part("token", token.encode()) + part("inbox", b"tips") + part("message", message) + \
        b"".join(part("file", content, name) for name, content in files) + f"--{BOUNDARY}--\r\n".encode()


class Keys:
    """A key ceremony, once."""

    def __init__(self, build, *schedule):
        self.folder = tempfile.mkdtemp(prefix="keys-")
        keys = os.path.join(self.folder, "keys")
        secret = os.path.join(self.folder, "passphrase")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
            f.write(PASSPHRASE + "\n")
        tool = [os.path.join(build, "keys/sealslot-keys")]
        for args in (["init", keys, "--instance", INSTANCE],
                     ["schedule", keys, *(schedule or ("--inbox", "tips=Investigations desk"))]):
            subprocess.run(tool + args + ["--passphrase-file", secret], check=True, capture_output=True)
        self.root = self._read(os.path.join(keys, "root.pub")).split()[-1]
        self.text = self._read(os.path.join(keys, "publish/keys.txt"))
        self.signature = self._read(os.path.join(keys, "publish/keys.txt.minisig"))

    @staticmethod
    def _read(path):
        with open(path, "rb") as f:
            return f.read()


class Peer(threading.Thread):
    """A process that front talks to: handle() answers what it hears, until its end of the socket is closed."""

    def __init__(self, sock):
        super().__init__(daemon=True)
        self.sock = sock
        self.changed = threading.Condition()

    def run(self):
        while True:
            try:
                message = hear(self.sock)
            except OSError:
                return
            if message is None:
                return
            with self.changed:
                self.handle(*message[:3])
                self.changed.notify_all()

    def wait(self, what, seconds=10):
        """Until what() is true, for things that happen a moment later."""
        with self.changed:
            assert self.changed.wait_for(what, seconds), "it never happened"


class Store(Peer):
    """What the store process would say. begin and commit: an error to answer with, or None to say nothing."""

    def __init__(self, keys, sock):
        super().__init__(sock)
        self.keys = keys
        self.begin, self.commit = OK, OK
        self.open, self.items, self.aborted, self.begun = {}, {}, 0, 0
        self.commits = set()

    def schedule(self, err="ERR_OK", text=None):
        today = int(time.time()) // 86400
        body = struct.pack("=iI", today, len(self.keys.signature)) + self.keys.signature
        fd = memfd(text or self.keys.text) if err == "ERR_OK" else None
        say(self.sock, "SCHEDULE", body, err=ERR[err], fd=fd)
        if fd is not None:
            os.close(fd)

    def room(self, size, writable=1):
        say(self.sock, "ROOM", struct.pack("=QQII", size, size, writable, 0))

    def greet(self):
        self.schedule()
        self.room(2**40)

    def answer_begin(self, ref, err):
        if err != OK:
            say(self.sock, "BEGUN", ref=ref, err=err)
            return
        fd, path = tempfile.mkstemp(prefix="item-")
        os.unlink(path)
        own = os.dup(fd)
        self.open[ref] = own
        say(self.sock, "BEGUN", ref=ref, fd=fd)
        os.close(fd)

    def answer_commit(self, ref, err):
        self.commits.discard(ref)
        if err == OK:
            self.items[ref] = os.fstat(self.open[ref]).st_size
        say(self.sock, "COMMITTED", ref=ref, err=err)

    def committing(self, ref):
        return ref in self.commits

    def handle(self, op, ref, _body):
        if op == "BEGIN":
            self.begun += 1
            if self.begin is not None:
                self.answer_begin(ref, self.begin)
        elif op == "COMMIT":
            self.commits.add(ref)
            if self.commit is not None:
                self.answer_commit(ref, self.commit)
        elif op == "ABORT":
            self.aborted += 1


class Mailbox(Peer):
    """What the mailbox process would say. take and issue: an error to answer with, or None to say nothing."""

    def __init__(self, sock):
        super().__init__(sock)
        self.take, self.issue = OK, OK
        self.sessions, self.issued, self.dropped, self.given_back, self.named = {}, 0, 0, 0, set()

    def name(self, ref, err):
        say(self.sock, "NAME", b"m" * 32 + b"r" * 32 if err == OK else b"", ref=ref, err=err)

    def session(self, ref, err, is_new):
        token = base64.urlsafe_b64encode(os.urandom(32))[:43] if err == OK and is_new else b""
        if token:
            self.sessions[token] = CODENAME
        say(self.sock, "SESSION", struct.pack("=44sII", token, 0, 0), ref=ref, err=err)

    def handle(self, op, ref, body):
        with contextlib.suppress(OSError):  # front has gone
            self.answer(op, ref, body)

    def answer(self, op, ref, body):
        token = body[:43]
        if op == "NAME_TAKE":
            self.named.add(ref)
            if self.take is not None:
                self.name(ref, self.take if not body or token in self.sessions else NOTFOUND)
        elif op == "NAME_ISSUE":
            self.issued += 1
            if self.issue is not None:
                self.session(ref, self.issue, True)
        elif op == "NAME_DROP":
            self.dropped += 1
        elif op == "NAME_GIVE_BACK":
            self.given_back += 1
        elif op == "LOOK":
            if token in self.sessions:
                say(self.sock, "SESSION_IS", struct.pack("=96s32s", self.sessions[token].encode(), b"k" * 32), ref=ref)
            else:
                say(self.sock, "SESSION_IS", ref=ref, err=NOTFOUND)
        elif op == "SIGN_OUT":
            self.sessions.pop(token, None)
        elif op == "READ":
            say(self.sock, "TEXT", ref=ref)


class Front:
    def __init__(self, build, conf=None, keys=None, timing=None, unix=False, wrapper=()):
        self.build = os.path.abspath(build)
        self.keys = keys or Keys(self.build)
        self.listener = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        self.path = os.path.join(tempfile.mkdtemp(prefix="front-"), "http.sock") if unix else None
        self.listener.bind(self.path or ("127.0.0.1", 0))
        self.listener.listen(4096)
        self.listener.setblocking(False)
        self.port = None if unix else self.listener.getsockname()[1]
        self.host = INSTANCE if unix else f"127.0.0.1:{self.port}"
        self.conf = {"server": {"instance": INSTANCE, "listen": "127.0.0.1:1", "name": "Test desk", "languages": "en fr"},
                     "store": {"path": "/nowhere", "max_upload": "1G"}, "keys": {"root": "/nowhere"}}
        for section, values in (conf or {}).items():
            self.conf.setdefault(section, {}).update(values)
        # A sandboxed process can't be searched for leaks when it ends.
        sanitizer = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        self.env = {**os.environ, **sanitizer, **({"SEALSLOT_TEST_TIMING": " ".join(map(str, timing))} if timing else {})}
        self.wrapper = list(wrapper)

    def pair(self):
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def start(self):
        self.parent, child = self.pair()
        store, front_end = self.pair()
        self.log = tempfile.TemporaryFile()

        def setup():
            os.dup2(child.fileno(), 3)
        self.process = subprocess.Popen(self.wrapper + [os.path.join(self.build, "server/front/sealslotd-front")],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=self.env,
                                        preexec_fn=setup, pass_fds=(3,) if child.fileno() != 3 else (3,))
        child.close()
        text = "".join(f"[{s}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()) for s, values in self.conf.items())
        conf = memfd(text.encode())
        say(self.parent, "CONF", self.keys.root, fd=conf)
        say(self.parent, "LISTEN", fd=self.listener.fileno())
        self.give_store(store, front_end)
        self.new_mailbox()
        say(self.parent, "GO", struct.pack("=II", 0, 0))
        os.close(conf)
        assert hear(self.parent)[0] == "READY", self.log_text()
        return self

    def give_store(self, store, front_end):
        self.store = Store(self.keys, store)
        say(self.parent, "PEER", struct.pack("=I", ROLE_STORE), fd=front_end.fileno())
        front_end.close()
        self.store.start()

    def restart_store(self):
        self.store.sock.shutdown(socket.SHUT_RDWR)
        self.store.sock.close()
        time.sleep(0.1)

    def new_store(self):
        self.give_store(*self.pair())

    def new_mailbox(self):
        mine, fronts = self.pair()
        self.mailbox = Mailbox(mine)
        say(self.parent, "PEER", struct.pack("=I", ROLE_MAILBOX), fd=fronts.fileno())
        fronts.close()
        self.mailbox.start()

    def lose_mailbox(self):
        self.mailbox.sock.shutdown(socket.SHUT_RDWR)
        self.mailbox.sock.close()

    def log_text(self):
        self.log.seek(0)
        said = self.log.read().decode(errors="replace").splitlines(keepends=True)
        # Where the test runs, memory may not be lockable; front says so, and is right.
        return "".join(line for line in said if "memory can't be locked" not in line)

    def __enter__(self):
        self.start()
        self.store.greet()
        self.until(lambda: self.get("/").status == 200)
        return self

    @staticmethod
    def until(what, seconds=10):
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.02)

    def stop(self):
        self.parent.close()
        return self.process.wait(20)

    def __exit__(self, kind, value, trace):
        try:
            status = self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        text = self.log_text()
        if kind is None:
            assert status == 0, f"front ended with {status}: {text}"
            assert text == "", f"front said: {text}"
        elif text:
            print("front said: " + text)

    # ---- a client

    def connect(self, timeout=20):
        s = socket.socket(self.listener.family)
        s.settimeout(timeout)
        s.connect(self.path or ("127.0.0.1", self.port))
        return s

    def raw(self, data, timeout=20):
        """Sends bytes, reads the answer and whatever comes behind it, as bytes."""
        with self.connect(timeout) as s:
            s.sendall(data)
            got = read_answer(s)
            with contextlib.suppress(OSError):  # closed already
                s.shutdown(socket.SHUT_WR)
            return got + read_all(s)

    def request(self, method, path, body=None, headers=None):
        with self.connect() as s:
            c = http.client.HTTPConnection(self.host)
            c.sock = s
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return Page(r.status, r.headers, r.read())

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def head_of(self, length, more=""):
        """The head of an upload."""
        return (f"POST /submit HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: {MULTIPART}\r\n"
                f"Content-Length: {length}\r\n{more}\r\n").encode()

    def post(self, body):
        return self.request("POST", "/submit", body, {"Content-Type": MULTIPART})

    def receipt_of(self, answer):
        """Where a 303 leads."""
        assert answer.status == 303, f"{answer.status} {answer.h1}"
        return self.get(answer.headers["Location"], {"Cookie": answer.headers["Set-Cookie"].split(";")[0]})


def read_all(s):
    got = b""
    while chunk := s.recv(65536):
        got += chunk
    return got


def read_answer(s):
    """One answer, as long as it says it is (to the end if it doesn't)."""
    got = b""
    while chunk := s.recv(65536):
        got += chunk
        head, end, body = got.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        if end and length and len(body) >= int(length[1]):
            break
    return got


def parse(answer):
    """An answer's bytes as (status, {name: value}, body)."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), {k.lower(): v for k, v in fields.items()}, body
