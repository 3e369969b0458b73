"""The server under what its systemd unit leaves it: the system calls, the user, the limits, a network namespace with nothing
in it, and the socket that systemd hands over. It starts, serves, takes an upload, stops by itself.

    python3 tests/flow/server/under_unit.py BUILD
    python3 tests/flow/server/under_unit.py --run UNIT SOCKET PROGRAM...     becomes the program, as systemd would start it
"""

# builds: release
# time limit: 120

import ctypes
import grp
import http.client
import os
import pwd
import re
import resource
import shutil
import socket
import subprocess
import sys
from errno import EPERM

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from callfilter import ALLOW, CallFilter, errno  # noqa: E402
from slot import Failed, Slot  # noqa: E402

UNIT = os.path.join(HERE, "../../../server/systemd/sealslot.service.in")
USER = "nobody"
CLONE_NEWNET = 0x40000000


# ---- what the unit says


def values(unit, key):
    with open(unit, encoding="utf-8") as f:
        return re.findall(rf"^{key}=(.*)$", f.read(), re.M)


def expand(names):
    """System calls; groups by what the installed systemd has in them."""
    calls = set()
    for name in names:
        if not name.startswith("@"):
            calls.add(name)
            continue
        said = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
        calls |= expand(re.findall(r"^    (@?\w[\w-]*)$", said, re.M))
    return calls


def allowed(unit):
    """An allow list, as systemd reads it: line by line, each adds or takes away; @default is always there."""
    calls = expand(["@default"])
    for line in values(unit, "SystemCallFilter"):
        if line.startswith("~"):
            calls -= expand(line[1:].split())
        else:
            calls |= expand(line.split())
    return calls


def install(calls):
    f = CallFilter(errno(EPERM))
    added = sum(f.rule(ALLOW, name) for name in calls - {"socket"})
    assert added > 150, f"only {added} calls were allowed"
    assert f.rule(ALLOW, "socket", a0=socket.AF_UNIX)  # RestrictAddressFamilies
    f.load()


def become(unit, path, argv):
    calls = allowed(unit)
    user = pwd.getpwnam(USER)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(CLONE_NEWNET) == 0, "no namespace"
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(values(unit, "LimitNOFILE")[0]),) * 2)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen(512)
        os.chmod(path, 0o666)
        fd = s.detach()
    os.dup2(fd, 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.setgroups([])
    os.setgid(grp.getgrgid(user.pw_gid).gr_gid)
    os.setuid(user.pw_uid)
    install(calls)
    os.execv(argv[0], argv)


# ---- the server


class Connection(http.client.HTTPConnection):
    def __init__(self, path, host):
        super().__init__(host, timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class UnitSlot(Slot):
    def __init__(self, build, unit):
        super().__init__(build)
        run = os.path.join(self.folder, "run")
        os.mkdir(run, 0o755)
        self.path = os.path.join(run, "http.sock")
        self.host, self.url = self.instance, "http://localhost"
        self._conf["server"]["listen"] = "unix:" + self.path
        self.wrapper = [sys.executable, os.path.abspath(__file__), "--run", unit, self.path]

    def pid(self):
        return self.server.pid  # the wrapper becomes the server

    def connection(self, timeout=60):
        return Connection(self.path, self.host)

    def curl(self, message, path):
        form = self.form()
        fields = [x for k, v in form.hidden for x in ("--form-string", f"{k}={v}")]
        jar = os.path.join(self.folder, "cookies")
        argv = ["curl", "-sS", "--fail-with-body", "--unix-socket", self.path, "-H", f"Host: {self.host}", "-H", "Expect:", "-L",
                "-c", jar, "-b", jar, *fields, "--form-string", f"message={message}", "-F", f"{form.file_field}=@{path}",
                self.url + form.action]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout


def serves(build):
    with UnitSlot(build, UNIT) as slot:
        slot.prepare().start()
        for pid in slot.pids():
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                status = f.read()
            assert re.search(r"^Seccomp:\s*2$", status, re.M) and re.search(r"^CapEff:\s*0+$", status, re.M), status
            with open(f"/proc/{pid}/net/dev", encoding="ascii") as f:
                assert re.findall(r"^\s*(\w+):", f.read(), re.M) in (["lo"], []), "another network"
        file = os.path.join(slot.folder, "a.bin")
        with open(file, "wb") as f:
            f.write(os.urandom(3_000_000))
        assert 'class="codename"' in slot.curl("under the unit", file), "no receipt"
        slot.upload("another one")
        assert len(slot.stored()) == 2
        items = slot.carry()
        assert len(items) == 2, items
        slot.stop()
        print("it starts, serves, stops")


def without(build, call):
    """Broken on purpose: a unit that lacks a call which the server's own filter takes."""
    with UnitSlot(build, UNIT) as slot:
        weak = os.path.join(slot.folder, "weak.service")
        shutil.copy(UNIT, weak)
        with open(weak, "r+", encoding="utf-8") as f:
            text, n = re.subn(rf"(?m)^(SystemCallFilter=.*) {call}\b", r"\1", f.read())
            assert n == 1, f"the unit doesn't name {call}"
            f.seek(0)
            f.write(text)
            f.truncate()
        slot.wrapper[-2] = weak
        slot.prepare()
        try:
            slot.start()
        except Failed:
            assert "Can't filter system calls" in slot.log_text(), slot.log_text()
            slot.server = None
            print(f"without {call} it doesn't start")
            return
        raise AssertionError(f"it starts without {call}, too: this test sees nothing")


def main():
    if sys.argv[1] == "--run":
        become(sys.argv[2], sys.argv[3], sys.argv[4:])
    if os.getuid() != 0:
        print("needs root")
        sys.exit(77)
    assert shutil.which("systemd-analyze") and shutil.which("curl"), "needs systemd-analyze and curl"
    serves(sys.argv[1])
    without(sys.argv[1], "seccomp")


main()
