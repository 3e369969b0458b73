"""The servers that are compared: each starts on a loopback port, takes a multipart upload, and stops by its pid."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from measure import cpu_seconds

HERE = os.path.dirname(os.path.abspath(__file__))
INSTANCE = "a" * 55 + "d.onion"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, proc, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if proc.poll() is not None:
            raise RuntimeError(f"the server ended with {proc.returncode} at its start")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the server didn't answer within 30 s")


class Server:
    """One peer. store: the folder where uploads end up (tmpfs or disk)."""

    name = "server"

    def __init__(self, store):
        self.store = tempfile.mkdtemp(prefix=f"bench-{self.name}-", dir=store)
        self.port = free_port()
        self.proc = None

    def start(self):
        self.proc = subprocess.Popen(self.command(), cwd=self.store, env=self.environment(),
                                     stdout=open(os.path.join(self.store, "log"), "wb"),
                                     stderr=subprocess.STDOUT, start_new_session=True)
        wait_for_port(self.port, self.proc)
        return self

    def environment(self):
        return dict(os.environ)

    @property
    def pid(self):
        return self.proc.pid

    def upload_command(self, path):
        """curl's arguments for one upload of the file at path."""
        raise NotImplementedError

    def upload(self, path):
        """One upload with curl; gives the seconds that it took."""
        begin = time.monotonic()
        done = subprocess.run(["curl", "-sS", "--max-time", "900", "-o", os.devnull, "-w", "%{http_code}", "-H", "Expect:"]
                              + self.upload_command(path), capture_output=True, text=True, check=False)
        seconds = time.monotonic() - begin
        if done.returncode != 0 or done.stdout[:1] not in ("2", "3"):
            raise RuntimeError(f"{self.name}: upload failed: {done.stdout} {done.stderr}")
        return seconds

    def forget(self):
        """Deletes what was stored, so that the medium doesn't fill up."""

    def stop(self):
        if self.proc is not None and self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
            try:
                self.proc.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.proc.pid, signal.SIGKILL)
                self.proc.wait()
        shutil.rmtree(self.store, ignore_errors=True)


class Nginx(Server):
    """Stores the request body as it comes, in plain text: the practical limit."""

    name = "nginx"

    def command(self):
        conf = os.path.join(self.store, "nginx.conf")
        for d in ("body", "tmp"):
            os.makedirs(os.path.join(self.store, d), mode=0o777, exist_ok=True)
        with open(conf, "w", encoding="ascii") as f:
            f.write(f"""daemon off; worker_processes 2; pid {self.store}/pid; error_log {self.store}/error.log;
{'user root;' if os.getuid() == 0 else ''}
events {{ worker_connections 4096; }}
http {{ access_log off; client_max_body_size 0; client_body_temp_path {self.store}/body;
  proxy_temp_path {self.store}/tmp; fastcgi_temp_path {self.store}/tmp; uwsgi_temp_path {self.store}/tmp; scgi_temp_path {self.store}/tmp;
  client_body_buffer_size 64k; client_body_in_file_only on;
  server {{ listen 127.0.0.1:{self.port};
    location / {{ proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_pass http://127.0.0.1:{self.port}/done; }}
    location = /done {{ return 204; }} }} }}
""")
        return ["nginx", "-p", self.store, "-c", conf]

    def upload_command(self, path):
        return ["-F", "message=hello", "-F", f"files=@{path}", f"http://127.0.0.1:{self.port}/"]

    def forget(self):
        for name in os.listdir(os.path.join(self.store, "body")):
            os.unlink(os.path.join(self.store, "body", name))


class OnionShare(Server):
    """onionshare-cli in receive mode, without Tor; stores plain text."""

    name = "onionshare"

    def command(self):
        os.makedirs(os.path.join(self.store, "got"), exist_ok=True)
        return ["onionshare-cli", "--receive", "--local-only", "--public", "--data-dir", os.path.join(self.store, "got")]

    def environment(self):
        return dict(os.environ, HOME=self.store, PYTHONUNBUFFERED="1", LC_ALL="C.UTF-8")

    def start(self):
        log = os.path.join(self.store, "log")
        self.proc = subprocess.Popen(self.command(), cwd=self.store, env=self.environment(),
                                     stdout=open(log, "wb"), stderr=subprocess.STDOUT, start_new_session=True)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with open(log, encoding="utf-8", errors="replace") as f:
                found = re.search(r"http://127\.0\.0\.1:(\d+)", f.read())
            if found:
                self.port = int(found.group(1))
                wait_for_port(self.port, self.proc)
                return self
            time.sleep(0.05)
        raise RuntimeError("onionshare printed no address within 30 s")

    def upload_command(self, path):
        return ["-F", "text=hello", "-F", f"file[]=@{path}", f"http://127.0.0.1:{self.port}/upload"]

    def forget(self):
        shutil.rmtree(os.path.join(self.store, "got"), ignore_errors=True)
        os.makedirs(os.path.join(self.store, "got"), exist_ok=True)


class Classic(Server):
    """A MODEL of the classic design: Flask takes the upload, then gzip, then OpenPGP, one after the other."""

    name = "classic-model"

    def command(self):
        home = os.path.join(self.store, "gpg")
        os.makedirs(home, mode=0o700, exist_ok=True)
        os.makedirs(os.path.join(self.store, "got"), exist_ok=True)
        subprocess.run(["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "", "--quick-generate-key",
                        "bench@example.org", "rsa4096", "encr"], check=True, capture_output=True)
        return [sys.executable if shutil.which("/usr/bin/python3") is None else "/usr/bin/python3",
                os.path.join(HERE, "classic_model.py"), str(self.port), self.store]

    def upload_command(self, path):
        return ["-F", "msg=hello", "-F", f"fh=@{path}", f"http://127.0.0.1:{self.port}/submit"]

    def forget(self):
        shutil.rmtree(os.path.join(self.store, "got"), ignore_errors=True)
        os.makedirs(os.path.join(self.store, "got"), exist_ok=True)

    def stop(self):
        super().stop()
        subprocess.run(["gpgconf", "--homedir", os.path.join(self.store, "gpg"), "--kill", "all"],
                       check=False, capture_output=True)


class Sealslot(Server):
    """sealslotd as it is installed: three processes, sandbox and all, durable commits."""

    name = "sealslot"
    conf_extra = ""

    def __init__(self, store, build, max_in_flight=64):
        super().__init__(store)
        self.build, self.max_in_flight = build, max_in_flight
        self.conf = os.path.join(self.store, "conf")
        self.keys = os.path.join(self.store, "keys")
        self.passphrase = os.path.join(self.store, "passphrase")
        self._prepare()

    def tool(self, room, program, *args):
        done = subprocess.run([os.path.join(self.build, room, program), *args], capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{program} {args[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def _prepare(self):
        os.chmod(self.store, 0o755)
        with open(os.open(self.passphrase, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as f:
            f.write("correct horse battery staple bench\n")
        pass_args = ["--passphrase-file", self.passphrase]
        self.tool("keys", "sealslot-keys", "init", self.keys, "--instance", INSTANCE, *pass_args)
        self.tool("keys", "sealslot-keys", "schedule", self.keys, "--inbox", "tips=Bench", *pass_args)
        root = os.path.join(self.store, "root.pub")
        shutil.copy(os.path.join(self.keys, "root.pub"), root)
        public = os.path.join(self.store, "publish")
        shutil.copytree(os.path.join(self.keys, "publish"), public)
        user = "user = nobody\n" if os.getuid() == 0 else ""
        where = os.path.join(self.store, "slot")
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(f"[server]\ninstance = {INSTANCE}\n{user}listen = 127.0.0.1:{self.port}\nlanguages = en fr\n"
                    f"name = Bench\n[store]\npath = {where}\nmax_upload = 64G\nreserve = 64M\n"
                    f"max_in_flight = {self.max_in_flight}\n[keys]\nroot = {root}\n{self.conf_extra}")
        self.tool("server", "sealslotd", "init", "--conf", self.conf)
        self.tool("server", "sealslotd", "publish", "--conf", self.conf, os.path.join(public, "keys.txt"))

    def command(self):
        return [os.path.join(self.build, "server", "sealslotd"), "serve", "--conf", self.conf]

    def start(self):
        super().start()
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                self.form()
                return self
            except urllib.error.HTTPError:
                time.sleep(0.02)
        raise RuntimeError("sealslotd showed no form within 30 s")

    def wait_idle(self, seconds=60):
        """Until no process of it has worked for a second: the codenames are derived ahead."""
        end, last = time.monotonic() + seconds, -1
        while time.monotonic() < end:
            now = cpu_seconds(self.pid)
            if now - last < 0.02:
                return self
            last = now
            time.sleep(1)
        return self

    def form(self):
        """The hidden fields of a fresh form, in its order."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/") as r:
            page = r.read().decode()
        self.action = re.search(r'<form[^>]*action="([^"]+)"', page).group(1).replace("&amp;", "&")
        fields = []
        for tag in re.findall(r"<input[^>]*>", page):
            name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and value and 'type="hidden"' in tag:
                fields.append((name.group(1), value.group(1)))
        return fields

    def upload_command(self, path):
        fields = [x for k, v in self.form() for x in ("-F", f"{k}={v}")]
        return fields + ["-F", "message=hello", "-F", f"file=@{path}", f"http://127.0.0.1:{self.port}{self.action}"]

    def items(self):
        return os.path.join(self.store, "slot", "items")
