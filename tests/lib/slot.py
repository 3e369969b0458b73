"""A whole Sealslot in a scratch folder, driven as its users do: keys, a running server, uploads, a vault.

    with Slot(sys.argv[1]) as slot:
        slot.serve()
        slot.upload("a message", [File("a.pdf", b"...")])
        items = slot.carry()

Everything lies below slot.folder; every process is ended by its pid.
"""

import hashlib
import html
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

INSTANCE = "a" * 55 + "d.onion"
PASSPHRASE = "correct horse battery staple orchard violin"
READY_SECONDS = 30
STOP_SECONDS = 30


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(n) for n in f.read().split()]
    except OSError:  # it is gone
        return []


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Failed(Exception):
    """A program ended with another exit status than was expected."""


class File:
    """What a form uploads: the name as the source has it, and the bytes."""

    def __init__(self, name, content, type_="application/octet-stream"):
        self.name, self.content, self.type = name, content, type_

    @property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()


class Page:
    """An answer of the server."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode(errors="replace")
        title = re.search(r"<h1>(.*?)</h1>", self.text, re.S)
        self.h1 = html.unescape(title[1]).strip() if title else ""

    def codename(self):
        """The words on a receipt."""
        words = re.findall(r"<li>(\w+)</li>", self.text.partition('class="codename"')[2].partition("</ol>")[0])
        assert len(words) == 8, self.text
        return words


def quoted(name):
    """A file name in Content-Disposition, as browsers write it."""
    raw = name if isinstance(name, bytes) else name.encode()
    return raw.replace(b'"', b"%22").replace(b"\r", b"%0D").replace(b"\n", b"%0A")


def part(name, content, filename=None, type_=None):
    head = b'Content-Disposition: form-data; name="%s"' % name.encode()
    if filename is not None:
        head += b'; filename="%s"' % quoted(filename)
    if type_ is not None:
        head += b"\r\nContent-Type: " + type_.encode()
    return head + b"\r\n\r\n" + content


def body_of(parts, boundary=b"----geckoformboundary0123456789abcdef0123456789abcdef"):
    """The body of a form and its Content-Type."""
    body = b"".join(b"--" + boundary + b"\r\n" + p + b"\r\n" for p in parts) + b"--" + boundary + b"--\r\n"
    return body, "multipart/form-data; boundary=" + boundary.decode()


class Form:
    """The form as the server hands it out: where it goes, what it sends unasked (hidden, or chosen first), the name of its file field."""

    def __init__(self, page):
        text = page.text
        self.action = html.unescape(re.search(r'<form[^>]*\baction="([^"]+)"[^>]*multipart', text)[1])
        self.hidden = []
        self.file_field = None
        for tag in re.findall(r"<input\b[^>]*>", text):
            attributes = {k: html.unescape(v) for k, v in re.findall(r'([\w-]+)="([^"]*)"', tag)}
            if attributes.get("type") == "hidden":
                self.hidden.append((attributes["name"], attributes["value"]))
            elif attributes.get("type") == "file":
                self.file_field = attributes["name"]
        for name, first in re.findall(r'<select\b[^>]*\bname="([^"]+)".*?<option value="([^"]*)"', text, re.S):
            self.hidden.append((name, html.unescape(first)))

    def parts(self, message, files):
        fields = [part(k, v.encode()) for k, v in self.hidden]
        fields.append(part("message", message if isinstance(message, bytes) else message.encode()))
        return fields + [part(self.file_field, f.content, f.name, f.type) for f in files]


class Desk:
    """A group of reviewers: a key store, a vault that opens with it."""

    def __init__(self, slot, name):
        self.slot = slot
        self.keys = os.path.join(slot.folder, name + "-keys")
        self.vault = os.path.join(slot.folder, name + "-vault")

    def key_tool(self, verb, *args, **options):
        return self.slot.run("keys/sealslot-keys", verb, self.keys, *args, *self.slot.passphrase, **options)

    def review(self, verb, *args, **options):
        return self.slot.run("client/sealslot-review", verb, self.vault, *args, *self.slot.passphrase, **options)

    def items(self):
        return json.loads(self.review("list", "--json").stdout)["items"]

    def extract(self, item_id):
        """Extracts everything of one item; gives {file name: SHA-256}, and the folder."""
        to = os.path.join(self.slot.folder, "out-" + item_id)
        self.review("extract", item_id, "--to", to)
        return {name: sha256(os.path.join(to, name)) for name in sorted(os.listdir(to))}, to


class Slot:
    """One instance. build: the build folder; conf: {section: {key: value}} for sealslotd.conf."""

    def __init__(self, build, conf=None, wrapper=(), instance=INSTANCE, port=None):
        self.build = os.path.abspath(build)
        self.wrapper = list(wrapper)
        self.instance = instance
        self.folder = tempfile.mkdtemp(prefix="slot-")
        os.chmod(self.folder, 0o711)
        self.port = port or free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.url = "http://" + self.host
        self.server = None
        self.env = None  # of the server; None: this process's
        self.bundles = 0
        self.store = os.path.join(self.folder, "store")
        self.conf = os.path.join(self.folder, "sealslotd.conf")
        self.desk = Desk(self, "desk")
        self._write_passphrase()
        self._conf = {"server": {"instance": instance, "listen": f"127.0.0.1:{self.port}", "name": "Test desk",
                                 **({"user": "nobody"} if os.getuid() == 0 else {})},
                      "store": {"path": self.store, "max_upload": "64M", "reserve": "1M"},
                      "keys": {"root": os.path.join(self.folder, "root.pub")}}
        for section, values in (conf or {}).items():
            self._conf.setdefault(section, {}).update(values)

    def _write_passphrase(self):
        path = os.path.join(self.folder, "passphrase")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as f:
            f.write(PASSPHRASE + "\n")
        self.passphrase = ["--passphrase-file", path]

    # ---- programs

    def run(self, program, *args, status=0, on_day=None):
        """Runs one of our programs; its result (text). Failed if it ends otherwise than with status."""
        argv = [*(["faketime", on_day] if on_day else []), os.path.join(self.build, program), *args]
        done = subprocess.run(argv, capture_output=True, text=True, errors="surrogateescape", check=False,
                              stdin=subprocess.DEVNULL)
        if status is not None and done.returncode != status:
            raise Failed(f"{' '.join(argv)}: exit status {done.returncode}, not {status}\n{done.stdout}{done.stderr}")
        return done

    def sealslotd(self, verb, *args, **options):
        return self.run("server/sealslotd", verb, "--conf", self.conf, *args, **options)

    # ---- the life of a server

    def write_conf(self):
        with open(self.conf, "w", encoding="utf-8") as f:
            for section, values in self._conf.items():
                f.write(f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()))

    def make_keys(self, *schedule_args, **options):
        self.desk.key_tool("init", "--instance", self.instance, **options)
        self.desk.key_tool("schedule", "--inbox", "tips=Investigations desk", *schedule_args, **options)
        shutil.copy(os.path.join(self.desk.keys, "root.pub"), os.path.join(self.folder, "root.pub"))

    def share(self, second, inbox="tips"):
        """A second desk, with a key store of its own, becomes a recipient of the inbox."""
        offer = os.path.join(self.folder, "offer.txt")
        keys_txt = os.path.join(self.desk.keys, "publish", "keys.txt")
        root = os.path.join(self.folder, "root.pub")
        second.key_tool("init", "--instance", self.instance, "--without-root")
        second.key_tool("offer", keys_txt, "--root", root, "--inbox", inbox, offer)
        with open(os.path.join(second.keys, "reply.pub"), encoding="ascii") as f:
            reply_key = f.read().split()[-1]
        self.desk.key_tool("schedule", "--with", offer, "--desk", reply_key)
        # Its vault verifies the schedules that come with a bundle, under the other desk's root key.
        shutil.copy(root, second.keys)

    def publish(self, **options):
        """Carries KEYS/publish to the server, as on a stick, and publishes it."""
        stick = tempfile.mkdtemp(dir=self.folder)
        os.chmod(stick, 0o755)
        public = shutil.copytree(os.path.join(self.desk.keys, "publish"), os.path.join(stick, "publish"))
        return self.sealslotd("publish", os.path.join(public, "keys.txt"), **options)

    def prepare(self, second=None):
        """Everything up to the first serve; a second desk shares the inbox."""
        self.make_keys()
        if second:
            self.share(second)
        self.write_conf()
        self.sealslotd("init")
        self.publish()
        return self

    def start(self, ready=200, says=""):
        """Starts the server and waits until / answers with this status, and says this."""
        self.log = os.path.join(self.folder, "server.log")
        argv = [*self.wrapper, os.path.join(self.build, "server/sealslotd"), "serve", "--conf", self.conf]
        said = self.log_text().count("serving on") if os.path.exists(self.log) else 0
        with open(self.log, "ab") as log:
            self.server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)
        return self.wait_for(ready, says).wait_until_serving(said)

    def wait_until_serving(self, said):
        """Until the log says once more than before that all processes work: one that dies earlier ends the server."""
        deadline = time.monotonic() + READY_SECONDS
        while self.log_text().count("serving on") == said:
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"the server doesn't start\n{self.log_text()}")
            time.sleep(0.02)
        return self

    def wait_for(self, status, says=""):
        """Until / answers with this status, and says this."""
        answer = "no answer"
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.server.poll() is not None:
                raise Failed(f"the server ended at its start with {self.server.returncode}\n{self.log_text()}")
            try:
                page = self.get("/")
                if page.status == status and says in page.text:
                    return self
                answer = f"{page.status} {page.h1}"
            except (OSError, http.client.HTTPException) as e:
                answer = e
            time.sleep(0.05)
        raise Failed(f"/ gave {answer}, not {status}, for {READY_SECONDS} s\n{self.log_text()}")

    def pid(self):
        """The server's own process: below its wrapper if it has one."""
        below = children(self.server.pid) if self.wrapper else []
        return below[0] if below else self.server.pid

    def pids(self):
        """The server's process and all below it."""
        found, todo = [], [self.pid()]
        while todo:
            found.append(todo.pop())
            todo += children(found[-1])
        return found

    def serve(self):
        return self.prepare().start()

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self):
        """SIGTERM, and the server must end by itself with 0."""
        if self.server is None:
            return
        pids, server, self.server = self.pids(), self.server, None
        try:
            if server.poll() is None:
                os.kill(pids[0], signal.SIGTERM)
            status = server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in (*pids, server.pid):
                kill(pid)
            server.wait()
            raise Failed(f"the server didn't stop within {STOP_SECONDS} s\n{self.log_text()}") from None
        if status != 0:
            raise Failed(f"the server ended with {status}\n{self.log_text()}")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is not None and self.server is not None:
                print("server log:\n" + self.log_text())
            self.stop()
        except Failed as e:
            if kind is None:
                raise
            print(e)  # what happened before is the news
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- a source

    def connection(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None):
        c = self.connection()
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return Page(r.status, r.headers, r.read())
        finally:
            c.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def form(self):
        return Form(self.get("/"))

    def post(self, body, content_type, action=None):
        """Sends a body; the page that a browser would end up on, receipt included."""
        answer = self.request("POST", action or self.form().action, body, {"Content-Type": content_type})
        if answer.status != 303:
            return answer
        cookie = (answer.headers.get("Set-Cookie") or "").split(";")[0]
        return self.get(answer.headers["Location"], {"Cookie": cookie} if cookie else {})

    def upload(self, message="", files=()):
        form = self.form()
        return self.post(*body_of(form.parts(message, files)), action=form.action)

    def curl_upload(self, message, paths):
        """The same with curl from files on the disk; gives the receipt page's text."""
        form = self.form()
        jar = os.path.join(self.folder, "cookies")
        fields = [x for k, v in form.hidden for x in ("--form-string", f"{k}={v}")]
        files = [x for p in paths for x in ("-F", f'{form.file_field}=@"{p}"')]
        done = subprocess.run(["curl", "-sS", "--fail-with-body", "-L", "-c", jar, "-b", jar, "-H", "Expect:", *fields,
                               "--form-string", f"message={message}", *files, self.url + form.action],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"curl: {done.stderr}{done.stdout}")
        return done.stdout

    def raw(self, data, half_close=False, timeout=60):
        """Sends bytes as they are; the page that came back, or None when the server only hung up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as s:
            try:
                s.sendall(data)
                if half_close:
                    s.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it may answer before it has read everything
            answer = http.client.HTTPResponse(s)
            try:
                answer.begin()
                return Page(answer.status, answer.headers, answer.read())
            except (http.client.HTTPException, ConnectionResetError):
                return None

    # ---- what an admin sees

    def stored(self):
        """Names of the submissions in the store."""
        return sorted(n for _, _, names in os.walk(self.store) for n in names if n.endswith(".age"))

    def epoch(self):
        """The name of the epoch key that is in use today, as in KEYS/epochs."""
        today = time.strftime("%Y-%m-%d", time.gmtime())
        with open(os.path.join(self.desk.keys, "publish", "keys.txt"), encoding="utf-8") as f:
            epochs = [line.split() for line in f if line.startswith("epoch: ")]
        return next(f"{e[1]}-{e[2]}" for e in epochs if e[3] <= today < e[4])

    # ---- the way to the reviewers

    def export(self, *args):
        self.bundles += 1
        out = os.path.join(self.folder, f"bundle-{self.bundles}.tar")
        self.sealslotd("export", out, *args)
        return out

    def carry(self, desk=None):
        """Export, import into the desk's vault (made if need be); gives the vault's list."""
        desk = desk or self.desk
        if not os.path.exists(desk.vault):
            desk.review("init", "--keys", desk.keys)
        desk.review("import", self.export())
        return desk.items()
