"""Each system call that looks at the disk or changes it fails once, in each verb: it says what failed and what to do, and the way goes on.

Behind the failure nothing is lost: keys and signed schedules are there as before, and the same command gets through.
With `all` behind the build every call of every verb; without, one of thirteen. Of init and reviewer-copy the last ones, for each
run costs the scrypt of a real key store. More words: only these verbs.
"""

# time limit: 400

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from strikes import Strikes  # noqa: E402

ONION = "sealslot" * 6 + "sealslad.onion"
STRIDE = 13


class Keys(Strikes):
    def __init__(self, build, folder):
        super().__init__(os.path.join(build, "keys/sealslot-keys"), folder, ("pass",))
        self.build = build
        with open(os.open(self.path("pass"), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
            f.write("upper case snow, seven trams\n")

    def cheap(self, name):
        subprocess.run([os.path.join(self.build, "tests/interop/cheap_unlock"), name, "pass"], cwd=self.folder, check=True)

    def kept(self):
        """What may never be lost or changed: keys, schedules, statements. What isn't whole without another file counts with it."""
        found = {}
        for where in filter(lambda w: os.path.isdir(self.path(w)), ("K/epochs", "K/publish")):
            names = os.listdir(self.path(where))
            for name in names:
                whole = {name.removesuffix(".minisig"), re.sub(r"^root-(\d+).*", r"keys-\1.txt", name)}
                if not name.startswith((".tmp", "keys.txt", "root.pub")) and whole <= set(names):
                    with open(self.path(where, name), "rb") as f:
                        found[os.path.join(where, name)] = f.read()
        return found


def check_told(done, command, where):
    lines = done.stderr.splitlines()
    assert done.returncode == 1, f"{where}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert lines and lines[0].startswith(f"sealslot-keys {command[0]}: "), f"{where}: {done.stderr}"
    assert len(lines) >= 2 or lines[0].count(". ") >= 1, f"{where}: no next step: {done.stderr}"


def check_way_on(keys, command, where, again):
    after = keys.kept()
    done = again(keys, command)
    assert done.returncode == 0, f"{where}: then: {done.stdout}{done.stderr}"
    now = keys.kept()
    gone = [n for n in after if n not in now or now[n] != after[n]]
    assert not gone, f"{where}: {gone} lost or changed"
    left = [n for _, _, names in os.walk(keys.folder) for n in names if n.startswith(".tmp.")]
    assert not left, f"{where}: {left} stays behind"
    if os.path.exists(keys.path("K/publish/keys.txt")):
        subprocess.run(["minisign", "-Vq", "-p", "K/root.pub", "-m", "K/publish/keys.txt"], cwd=keys.folder, check=True)


def simply(keys, command):
    return keys.run(*command)


def without(*made):
    """What was made before the failure is refused as already there, which is right; then a person removes it."""
    def again(keys, command):
        for name in made:
            path = keys.path(name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)
        return keys.run(*command)
    return again


def verb(keys, command, before, stride, again=simply, last=None):
    """last: only so many of the calls at the end."""
    for where, was, done in keys.each_struck(command, before, stride, keys.kept, last):
        if done.returncode != 0:
            check_told(done, command, where)
        now = keys.kept()
        assert all(now.get(n) == text for n, text in was.items()), f"{where}: something is lost"
        if done.returncode != 0:
            check_way_on(keys, command, where, again)


def main():
    build = os.path.abspath(sys.argv[1])
    stride = 1 if "all" in sys.argv[2:] else STRIDE
    only = [a for a in sys.argv[2:] if a != "all"]
    secret = ("--passphrase-file", "pass")
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(build, folder)
        if not only or "init" in only:
            os.mkdir(keys.path("before"))
            verb(keys, ("init", "K", "--instance", ONION, *secret), keys.path("before"), stride, last=12)
            keys.put_back(keys.path("before"))
            os.rmdir(keys.path("before"))
        keys.good("init", "K", "--instance", ONION, *secret)
        keys.cheap("K")
        keys.good("schedule", "K", "--inbox", "tips=Tips", "--epochs", "2", *secret)
        keys.good("backup", "K", "first.backup", *secret)
        keys.good("init", "D", "--instance", ONION, "--without-root", *secret)
        keys.cheap("D")
        shutil.copytree(folder, os.path.join(folder, "before"))
        verbs = [
            (("schedule", "K", "--epochs", "1", *secret), simply),
            (("revoke", "K", "--all", *secret), simply),
            (("revoke", "K", "--reply-key", *secret), simply),
            (("new-root", "K", *secret), simply),
            (("backup", "K", "second.backup", *secret), without("second.backup")),
            (("backup", "D", "desk.backup", *secret), without("desk.backup")),
            (("restore", "first.backup", "R", *secret), simply),
            (("show", "K"), simply),
            (("check", "K/publish/keys.txt", "--root", "K/root.pub"), simply),
        ]
        for command, again in verbs:
            if not only or command[0] in only:
                verb(keys, command, keys.path("before"), stride, again)
        if not only or "reviewer-copy" in only:
            verb(keys, ("reviewer-copy", "K", "C", "--copy-passphrase-file", "pass", *secret), keys.path("before"), stride, last=30)


main()
