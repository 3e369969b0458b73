"""Invariant 2: a second after a request has ended, in any way, nothing of it is in the memory of any process.

The memory is read as somebody reads it who seizes the machine. Broken on purpose: with wiping switched off
(faults.c) the same markers are found, so the test looks in the right places.
"""

# time limit: 240
# alone

import base64
import contextlib
import http.client
import mmap
import os
import re
import resource
import shutil
import signal
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
import memscan  # noqa: E402
from faults import Faults  # noqa: E402
from slot import File, Slot, body_of, part  # noqa: E402

SIZE = 700_000
IDLE_SECONDS = 130  # more than LIMIT_HTTP_IDLE_MS
SETTLE = 1.0
CIRCUIT_PLACES = 32  # LIMIT_CIRCUIT_PLACES
RECEIPT_SECONDS = 16 * 60  # more than LIMIT_RECEIPT_MS
WORDS = "/usr/lib/python3/dist-packages/diceware/wordlists/wordlist_en_eff.txt"


class Letter:
    """An upload full of its own markers."""

    def __init__(self, name):
        self.message = f"MSG-{name}-" + os.urandom(8).hex()
        self.file = f"FILE-{name}-" + os.urandom(8).hex()
        self.name = f"NAME-{name}-" + os.urandom(8).hex()
        self.agent = f"AGENT-{name}-" + os.urandom(8).hex()
        line = (self.file + "\n").encode()
        self.files = [File(self.name + ".txt", line * (SIZE // len(line)))]

    def markers(self):
        return [m.encode() for m in (self.message, self.file, self.name, self.agent)]

    def body(self, slot):
        form = slot.form()
        return (*body_of(form.parts((self.message + "\n") * 200, self.files)), form.action)

    def head(self, slot, kind, action, length):
        return (f"POST {action} HTTP/1.1\r\nHost: {slot.host}\r\nUser-Agent: {self.agent}\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {length}\r\n\r\n").encode()

    def start(self, slot, sent):
        """Sends the head and a part of the body; the open connection."""
        body, kind, action = self.body(slot)
        s = socket.create_connection(("127.0.0.1", slot.port), 60)
        s.sendall(self.head(slot, kind, action, len(body)) + body[:sent])
        return s


def clean(slot, letter, what):
    time.sleep(SETTLE)
    found = memscan.scan_server(slot.pid(), letter.markers())
    text = "".join(f"\n  {comm}: {marker.decode()} at {places[:3]}" for (comm, marker), places in found.items())
    assert not found, f"{what}:{text}"
    print(f"{what}: nothing left")


def receipt(slot):
    letter = Letter("receipt")
    body, kind, action = letter.body(slot)
    page = slot.request("POST", action, body, {"Content-Type": kind, "User-Agent": letter.agent})
    assert page.status == 303, page.h1
    cookie = page.headers["Set-Cookie"].split(";")[0]
    assert slot.get(page.headers["Location"], {"Cookie": cookie}).status == 200
    clean(slot, letter, "after a receipt")
    # What opens the receipt again is kept as a hash.
    found = memscan.scan_server(slot.pid(), cookie_markers(cookie))
    assert not found, f"the receipt's cookie: {found}"
    return letter, cookie


def cut_off(slot, name="cut-off"):
    letter = Letter(name)
    for sent in (2_000, 150_000, SIZE // 2):
        letter.start(slot, sent).close()
    return letter


def bad_form(slot, name):
    letter = Letter(name)
    form = slot.form()
    body, kind = body_of(form.parts((letter.message + "\n") * 200, letter.files))
    bad = body.replace(b'name="' + form.file_field.encode(), b'name="nothing-known')
    page = slot.request("POST", form.action, bad, {"Content-Type": kind, "User-Agent": letter.agent})
    assert page.status == 400, page.status
    return letter


def error(slot):
    """A form with a field that nobody knows; a message that is too long; a body that is too large."""
    clean(slot, bad_form(slot, "error"), "after a damaged form")
    long, form = Letter("long"), slot.form()
    fields = [part(k, v.encode()) for k, v in form.hidden]
    body, kind = body_of([*fields, part("message", (long.message + "\n").encode() * 20_000)])
    page = slot.request("POST", form.action, body, {"Content-Type": kind})
    assert page.status >= 400, page.status
    clean(slot, long, "after a message that is too long")
    big = Letter("big")
    s = socket.create_connection(("127.0.0.1", slot.port), 60)
    s.sendall(big.head(slot, kind, form.action, 2**36) + big.message.encode() * 1000)
    assert b" 413 " in s.recv(4096)
    s.close()
    clean(slot, big, "after one that is too large")
    path = "MSG-path-" + os.urandom(6).hex()
    slot.get("/" + path, {"Cookie": path + "=1", "Referer": path})
    time.sleep(SETTLE)
    assert not memscan.scan_server(slot.pid(), [path.encode()]), "a path of a request"


def time_out(slot, faults, name="time-out"):
    letter = Letter(name)
    s = letter.start(slot, SIZE // 2)
    time.sleep(0.5)
    assert memscan.scan_server(slot.pid(), letter.markers()), "the scan sees nothing of an upload that is under way"
    faults.pass_time(IDLE_SECONDS)
    slot.get("/")  # somebody wakes it: the kernel's timers don't know that time has passed
    s.settimeout(30)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        slot.get("/")
        try:
            s.settimeout(0.2)
            if s.recv(65536) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionResetError:
            break
    else:
        raise AssertionError("no time-out")
    s.close()
    return letter


def store_fails(slot, faults):
    letter = Letter("store-fails")
    faults.set("sealslotd-store", "fdatasync", "fail")
    body, kind, action = letter.body(slot)
    page = slot.request("POST", action, body, {"Content-Type": kind})
    assert page.status == 503 and faults.fired() == 1, page.status
    clean(slot, letter, "after a store that failed")


def codename_markers(page):
    """What its words look like next to each other: in a page, in a record, as numbers of the list."""
    words = re.findall(r"<li>([a-z]+)</li>", re.search(r'<ol class="codename">(.*?)</ol>', page.text, re.S)[1])
    assert len(words) == 8, words
    with open(WORDS, encoding="ascii") as f:
        index = {line.split()[1].replace("-", ""): i for i, line in enumerate(f)}  # drop-down is shown as one word
    numbers = [index[w] for w in words]
    return [sep.join(words).encode() for sep in (" ", "-", "</li><li>", "\0")] + \
        [struct.pack("=8" + size, *numbers) for size in "HIQ"]


def gone(slot, markers, what):
    time.sleep(SETTLE)
    found = memscan.scan_server(slot.pid(), markers)
    assert not found, f"{what}: {found}"
    print(f"{what}: nothing left")


def cookie_markers(cookie):
    """A session's token as the cookie has it, and its 32 bytes."""
    token = cookie.partition("=")[2]
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert len(raw) == 32, token
    return [token.encode(), raw]


def receive(slot):
    """An upload; its cookie, and the receipt's page."""
    form = slot.form()
    body, kind = body_of(form.parts("hello", []))
    page = slot.request("POST", form.action, body, {"Content-Type": kind})
    cookie = page.headers["Set-Cookie"].split(";")[0]
    return cookie, slot.get(page.headers["Location"], {"Cookie": cookie})


def codename(slot, faults):
    """The mailbox keeps it sealed to the cookie: nobody's memory has it, and after a while nobody gets it any more."""
    cookie, page = receive(slot)
    gone(slot, codename_markers(page), "a codename that was shown")
    assert 'class="codename"' in slot.get("/receipt", {"Cookie": cookie}).text, "it can't be shown again"
    gone(slot, codename_markers(page), "a codename that was shown again")
    faults.pass_time(RECEIPT_SECONDS)
    assert 'class="codename"' not in slot.get("/receipt", {"Cookie": cookie}).text, "it is shown after the receipt's time"


def signed_out(slot):
    """Gone with the sign-out, its session key with it."""
    cookie, page = receive(slot)
    markers = codename_markers(page) + cookie_markers(cookie)
    mailbox = slot.get("/mailbox", {"Cookie": cookie})
    form = re.search(r'<form action="/sign-out".*?</form>', mailbox.text, re.S)[0]
    fields = [part(*pair) for pair in ((n, v.encode()) for n, v in
                                       re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))]
    body, kind = body_of(fields)
    done = slot.request("POST", "/sign-out", body, {"Content-Type": kind, "Cookie": cookie})
    assert done.status in (200, 303), done.h1
    gone(slot, markers, "codename and session after the sign-out")


def sign_in(slot, page_of_receipt):
    """What was typed is gone a second later, if it opened a mailbox or not."""
    words = re.findall(r"<li>([a-z]+)</li>", re.search(r'<ol class="codename">(.*?)</ol>', page_of_receipt.text, re.S)[1])
    for typed in (" ".join(words), " ".join(words[:7] + ["nonsensical-" + os.urandom(4).hex()])):
        form = slot.get("/sign-in")
        token = re.search(r'name="token" value="([^"]+)"', form.text)[1]
        body, kind = body_of([part("token", token.encode()), part("codename", typed.encode())])
        page = slot.request("POST", "/sign-in", body, {"Content-Type": kind, "User-Agent": "typed"})
        assert page.status in (200, 303, 400, 422), f"{page.status} {page.h1}"
        gone(slot, [typed.encode()], f"what was typed ({page.status})")


def take_core(pid, path):
    """All that a core would have: every page of it that may be read."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem, open(path, "wb") as out:
        for start, end, _ in memscan.regions(pid):
            at = start
            while at < end:
                try:
                    mem.seek(at)
                    data = mem.read(min(end - at, 1 << 22))
                except OSError:
                    data = b""  # a guard page
                out.write(data)
                at += len(data) or 4096


def in_cores(slot, markers):
    """Which markers are in a core of which process."""
    found, path = [], os.path.join(slot.folder, "core-on-purpose")
    for pid in memscan.family(slot.pid()):
        with open(f"/proc/{pid}/comm", encoding="ascii") as f:
            comm = f.read().strip()
        take_core(pid, path)
        with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as core:
            found += [(comm, m) for m in markers if core.find(m) != -1]
        os.unlink(path)
    return found


def cores(slot):
    """One taken on purpose after a receipt has nothing of it; while an upload runs it has, so it is a whole one."""
    letter, cookie = receipt(slot)
    markers = letter.markers() + cookie_markers(cookie) + codename_markers(slot.get("/receipt", {"Cookie": cookie}))
    time.sleep(SETTLE)
    assert not in_cores(slot, markers), in_cores(slot, markers)
    under_way = Letter("under-way")
    with under_way.start(slot, SIZE // 2):
        time.sleep(0.5)
        assert ("sealslotd-front", under_way.file.encode()) in in_cores(slot, under_way.markers()), "these cores are empty"
    print("cores taken on purpose: nothing left")


def no_core(slot):
    """No core and no debugger without root: /proc says so by its owner. Nor does a signal write one, where it is allowed to."""
    for pid in memscan.family(slot.pid())[1:]:
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0, f"process {pid} is dumpable"
        with open(f"/proc/{pid}/limits", encoding="ascii") as f:
            core = next(line for line in f if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"], core
        with contextlib.suppress(PermissionError):  # where root may: then only the process itself stands in the way
            resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    front = next(p for p in memscan.family(slot.pid()) if "front" in open(f"/proc/{p}/comm", encoding="ascii").read())
    os.kill(front, signal.SIGABRT)
    slot.wait_for(200)
    assert "front was ended by signal 6" in slot.log_text()
    left = [n for at in (slot.folder, slot.store, "/") for n in os.listdir(at) if n.startswith("core")]
    assert not left, left


def broken_on_purpose(slot, faults):
    """With wiping switched off, what each way of ending leaves is found."""
    faults.remember()
    cookie, page = receive(slot)
    time.sleep(SETTLE)
    assert memscan.scan_server(slot.pid(), codename_markers(page)), "without wiping no codename is found either"
    assert memscan.scan_server(slot.pid(), cookie_markers(cookie)), "without wiping no cookie is found either"
    for what, leave in (("cut off", lambda n: cut_off(slot, n)), ("bad form", lambda n: bad_form(slot, n)),
                        ("time-out", lambda n: time_out(slot, faults, n))):
        letter = leave(what.replace(" ", "-") + "-remembered")
        time.sleep(SETTLE)
        assert memscan.scan_server(slot.pid(), letter.markers()), f"{what}: without wiping nothing is found either"
    faults.remember(False)
    print("without wiping the markers are found: codename, cookie, an upload cut off, a bad form, a time-out")


def circuit(n):
    return f"PROXY TCP6 fc00:dead:beef:4dad::{n >> 16:x}:{n & 0xffff:x} ::1 65535 80\r\n".encode()


class Announced(http.client.HTTPConnection):
    """Each connection begins with the line that tor puts there."""

    def __init__(self, slot, timeout):
        super().__init__(slot.host, timeout=timeout)
        self.slot = slot

    def connect(self):
        self.sock = self.slot.reach()
        self.sock.sendall(circuit(7))


class OnionSlot(Slot):
    """Behind tor: proxy_protocol, over TCP or a Unix socket."""

    def __init__(self, build, is_unix):
        super().__init__(build, {"server": {"proxy_protocol": "yes"}})
        self.path = None
        if is_unix:
            run = os.path.join(self.folder, "run")
            os.mkdir(run, 0o755)
            self.path = os.path.join(run, "http.sock")
            self.host = self.instance
            self._conf["server"]["listen"] = "unix:" + self.path
            if os.getuid() == 0:
                shutil.chown(run, "nobody")

    def reach(self):
        s = socket.socket(socket.AF_UNIX if self.path else socket.AF_INET)
        s.settimeout(60)
        s.connect(self.path or ("127.0.0.1", self.port))
        return s

    def connection(self, timeout=60):
        return Announced(self, timeout)


def is_turned_away(s):
    try:
        return s.recv(4096) == b""
    except ConnectionResetError:  # with bytes that nobody has read
        return True


def behind_tor(slot):
    """Heads that end high in the gate's buffer: let in, without a line, one more than a circuit gets."""
    letter = Letter("circuit")
    pad = "".join(f"Cookie: a{i}={letter.message}; b={letter.agent}\r\n" for i in range(60))
    head = f"GET /how HTTP/1.1\r\nHost: {slot.host}\r\n{pad}\r\n".encode()
    with slot.reach() as s:
        s.sendall(circuit(8) + head)
        s.recv(4096)
    clean(slot, letter, "behind tor: after a page")
    with slot.reach() as s:
        s.sendall(head)
        assert is_turned_away(s), "one without a line gets in"
    clean(slot, letter, "behind tor: without a line")
    held = [slot.reach() for _ in range(CIRCUIT_PLACES)]
    for s in held:
        s.sendall(circuit(9) + b"GET")
    time.sleep(0.3)
    with slot.reach() as s:
        s.sendall(circuit(9) + head)
        assert is_turned_away(s), "a circuit gets more than its places"
    clean(slot, letter, "behind tor: one more than a circuit gets")
    for s in held:
        s.close()


def main():
    if os.getuid() != 0:
        print("needs root to read the memory of others")
        sys.exit(77)
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        no_core(slot)
        cores(slot)
        clean(slot, cut_off(slot), "after an upload cut off")
        error(slot)
    for is_unix in (False, True):
        with OnionSlot(sys.argv[1], is_unix) as slot:
            slot.serve()
            behind_tor(slot)
            receipt(slot)
    with Slot(sys.argv[1]) as slot:
        faults = Faults(slot.build, slot.folder)
        slot.env = faults.env()
        slot.serve()
        clean(slot, time_out(slot, faults), "after a time-out")
        store_fails(slot, faults)
        codename(slot, faults)
        _, page = receive(slot)
        signed_out(slot)
        faults.pass_time(RECEIPT_SECONDS)
        sign_in(slot, page)
        broken_on_purpose(slot, faults)


main()
