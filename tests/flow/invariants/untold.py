"""Invariant 10: no secret stands in an argument, an environment or a log, nor in any file but the one that it belongs in.

Passphrase, epoch and signing keys of a ceremony (as text, as bytes, as hex), a source's codename and session are looked for in what every
program shows while it runs, and in everything it leaves. Broken on purpose: one planted in each of these places is seen.
"""
# time limit: 180

import base64
import os
import re
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
import memscan  # noqa: E402
import stock  # noqa: E402
from slot import PASSPHRASE, File, Slot, body_of, part  # noqa: E402

BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def forms(raw):
    """How 32 secret bytes could be written down."""
    return [raw, raw.hex().encode(), raw.hex().upper().encode(), base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"=")]


def bytes_of(identity):
    """The key in an AGE-SECRET-KEY-1 line."""
    bits = "".join(f"{BECH32.index(c):05b}" for c in identity.lower().rpartition("1")[2][:-6])
    return int(bits[:256], 2).to_bytes(32, "big")


def secrets_of_keys(slot, scratch):
    """Of what was made offline: the line that unlocks it, an epoch's key, the root key."""
    os.makedirs(scratch, mode=0o700)
    epoch = stock.epoch_identity(slot.desk.keys, "tips-1", PASSPHRASE, scratch)
    found = [PASSPHRASE.encode(), b"AGE-SECRET-KEY-1"]
    for path in (epoch, os.path.join(scratch, "unlock")):
        with open(path, encoding="ascii") as f:
            found += forms(bytes_of(re.search(r"AGE-SECRET-KEY-1\w+", f.read())[0]))
    root = os.path.join(scratch, "root")
    stock.age(os.path.join(scratch, "unlock"), os.path.join(slot.desk.keys, "root.age"), root)
    with open(root, "rb") as f:
        seed = f.read().strip()
    found += [seed] + forms(base64.b64decode(seed + b"=" * (-len(seed) % 4)))
    shutil.rmtree(scratch)
    return found


def secrets_of_source(slot):
    """What a source got: the codename in every way of writing it, the session."""
    page = slot.upload("from a source")
    words = re.findall(r"<li>([a-z]+)</li>", page.text.partition('class="codename"')[2])
    assert len(words) == 8, page.text
    sign_in = slot.get("/sign-in")
    token = re.search(r'name="token" value="([^"]+)"', sign_in.text)[1]
    body, kind = body_of([part("token", token.encode()), part("codename", " ".join(words).encode())])
    answer = slot.request("POST", "/sign-in", body, {"Content-Type": kind})
    assert answer.status == 303, answer.h1
    session = answer.headers["Set-Cookie"].split(";")[0].partition("=")[2].encode()
    raw = base64.urlsafe_b64decode(session + b"=" * (-len(session) % 4))
    return [sep.join(words[:4]).encode() for sep in (" ", "-", "+", "%20", "", "\0")] + [session] + forms(raw)


class Watch(threading.Thread):
    """Reads arguments and environments of every process that belongs to the test, again and again."""

    def __init__(self, secrets):
        super().__init__(daemon=True)
        self.secrets, self.seen, self.found, self.is_over = secrets, 0, [], threading.Event()

    def run(self):
        while not self.is_over.is_set():
            for pid in filter(str.isdigit, os.listdir("/proc")):
                for what in ("cmdline", "environ"):
                    try:
                        with open(f"/proc/{pid}/{what}", "rb") as f:
                            content = f.read()
                    except OSError:
                        continue
                    if b"sealslot" in content:
                        self.seen += 1
                        self.found += [f"{what} of {content[:60]!r}" for s in self.secrets if s in content]
            time.sleep(0.005)


def left_behind(folder, secrets, but):
    found = []
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            if path in but or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                content = f.read()
            found += [path for s in secrets if s in content]
    return found


def look(watch, secrets, build):
    """A ceremony, two sources, a desk: nothing of it is told. The server's folder and its desk's, for more looks."""
    with Slot(build) as slot:
        slot.serve()
        secrets += secrets_of_keys(slot, os.path.join(slot.folder, "scratch"))
        slot.upload("hello", [File("a", b"b" * 100_000)])
        if os.getuid() == 0:
            assert not memscan.scan_server(slot.pid(), secrets), "a secret of the ceremony is in the server's memory"
        secrets += secrets_of_source(slot)
        item = slot.carry()[0]
        done = slot.desk.review("show", item["id"])
        wrong_passphrases(slot)
        said = (done.stdout + done.stderr + slot.log_text()).encode()
        assert not any(s in said for s in secrets), "a secret was printed"
        kept = left_behind(slot.folder, secrets, {slot.passphrase[1]})
        assert not kept, f"secrets lie in {kept}"
        assert not watch.found, watch.found[:3]
        broken_on_purpose(slot, watch, secrets)


def wrong_passphrases(slot):
    review = os.path.join(slot.build, "client/sealslot-review")
    wrong = os.path.join(slot.folder, "wrong")
    with open(os.open(wrong, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
        f.write("not the right one but a secret all the same\n")
    said = subprocess.run([review, "list", slot.desk.vault, "--passphrase-file", wrong], capture_output=True, text=True, check=False)
    assert said.returncode == 1 and "secret all the same" not in said.stdout + said.stderr
    for refused in (["--passphrase", "words"], ["--passphrase=words"]):
        got = subprocess.run([review, "list", slot.desk.vault, *refused], capture_output=True, text=True, check=False,
                             stdin=subprocess.DEVNULL)
        assert got.returncode != 0, "a passphrase as an argument is taken"


def broken_on_purpose(slot, watch, secrets):
    """One in an argument, one in an environment, one in the log."""
    planted = next(s for s in secrets if s.isalnum() and len(s) == 64)
    sleeper = [sys.executable, "-c", "import time; time.sleep(30)  # sealslot"]  # one process: no child outlives the kill
    for argv, env in (([*sleeper, planted.decode()], {}), (sleeper, {"sealslot": secrets[-6].decode()})):
        watch.found.clear()
        with subprocess.Popen(argv, env={**os.environ, **env}) as bad:
            deadline = time.monotonic() + 10
            while not watch.found and time.monotonic() < deadline:
                time.sleep(0.05)
            bad.kill()
        assert watch.found, f"not seen: {argv} {list(env)}"
    with open(slot.log, "ab") as f:
        f.write(b"a line with " + secrets[-5] + b"\n")
    assert left_behind(slot.folder, secrets, {slot.passphrase[1]}) == [slot.log], "not seen in the log"


def main():
    secrets = []
    watch = Watch(secrets)
    watch.start()
    look(watch, secrets, sys.argv[1])
    watch.is_over.set()
    watch.join(10)
    assert watch.seen > 50, watch.seen
    print(f"{watch.seen} looks at running programs for {len(secrets)} forms of secrets, nothing found but what was put there on purpose")


main()
