"""Invariant 10: no secret stands in an argument, an environment or a log, nor in any file but the one that it belongs in.

Passphrase and secret keys of a ceremony are looked for in what every program shows while it runs, and in everything it leaves.
"""

import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
import memscan  # noqa: E402
from slot import PASSPHRASE, File, Slot  # noqa: E402


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


def main():
    secrets = [PASSPHRASE.encode(), b"AGE-SECRET-KEY-1"]
    watch = Watch(secrets)
    watch.start()
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        slot.upload("hello", [File("a", b"b" * 100_000)])
        if os.getuid() == 0:
            assert not memscan.scan_server(slot.pid(), secrets), "a secret of the ceremony is in the server's memory"
        (item,) = slot.carry()
        done = slot.desk.review("show", item["id"])
        wrong = os.path.join(slot.folder, "wrong")
        with open(os.open(wrong, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
            f.write("not the right one but a secret all the same\n")
        said = subprocess.run([os.path.join(slot.build, "client/sealslot-review"), "list", slot.desk.vault, "--passphrase-file", wrong],
                              capture_output=True, text=True, check=False)
        assert said.returncode == 1 and "secret all the same" not in said.stdout + said.stderr
        for refused in (["--passphrase", "words"], ["--passphrase=words"]):
            got = subprocess.run([os.path.join(slot.build, "client/sealslot-review"), "list", slot.desk.vault, *refused],
                                 capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
            assert got.returncode != 0, "a passphrase as an argument is taken"
        text = done.stdout + done.stderr + slot.log_text()
        assert not any(s.decode() in text for s in secrets), "a secret was printed"
        kept = left_behind(slot.folder, secrets, {slot.passphrase[1]})
        assert not kept, f"secrets lie in {kept}"
        # Seen when it is there.
        with subprocess.Popen(["sh", "-c", "sleep 2; : sealslot", PASSPHRASE]) as bad:
            deadline = time.monotonic() + 10
            while not watch.found and time.monotonic() < deadline:
                time.sleep(0.05)
            bad.kill()
    watch.is_over.set()
    watch.join(10)
    assert watch.found and all("sleep 2" in f for f in watch.found), f"{watch.found[:3]}"
    assert watch.seen > 50, watch.seen
    print(f"{watch.seen} looks at running programs, nothing found but what was put there on purpose")


main()
