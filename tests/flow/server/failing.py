"""Each system call of an admin's verb that looks at the disk or changes it fails once: it says why, and nothing is lost.

Behind the failure the store has all that it had, and the same command gets through. With `all` behind the build every call of
every verb; without, one of thirteen. More words: only these verbs.
"""

# time limit: 400

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from letters import Source  # noqa: E402
from slot import File, Slot  # noqa: E402
from strikes import Strikes  # noqa: E402

STRIDE = 13


class Admin(Strikes):
    # SQLite's check takes a page that it can't read for a damaged one, and its errno is gone when it is asked; a lock is taken or not.
    vague = ("pread64", "openat", "flock")
    unnoticed = ("unlink", "unlinkat", "fdatasync")  # SQLite doesn't ask how the sync of its folder ended

    def __init__(self, slot):
        super().__init__(os.path.join(slot.build, "server/sealslotd"), slot.folder)
        self.slot = slot

    def strike(self, command, call, nth):
        """But for what strace does by itself: a sandbox takes its way of failing a call for one that isn't allowed, and ends the store; and a
        process may have written its message with the write of that number."""
        done = super().strike(command, call, nth)
        is_strace = done and ("The store doesn't answer" in done.stderr or (call == "write" and not done.stderr))
        return None if is_strace else done

    def verb(self, name, *args):
        return (name, "--conf", self.slot.conf, *args)

    def items(self):
        """Names and contents of what is stored."""
        found = {}
        for at, _, names in os.walk(self.path("store", "items")):
            for name in filter(lambda n: n.endswith(".age"), names):
                with open(os.path.join(at, name), "rb") as f:
                    found[name] = f.read()
        return found

    def is_well(self):
        done = self.run(*self.verb("check"))
        assert "all is well" in done.stdout, done.stdout + done.stderr


def strike_all(admin, command, before, stride, made=None):
    """made: what the command makes, and doesn't when it fails."""
    for where, was, done in admin.each_struck(command, before, stride, admin.items):
        try:
            assert done.returncode in (0, 1, 3) and (done.returncode < 3 or command[0] in ("check", "status")), f"exit {done.returncode}"
            now = admin.items()
            assert all(now.get(n) == c for n, c in was.items()), "a submission is lost"
            if "The store is restored" in done.stderr:
                admin.run(*admin.verb("check", "--repair"))
            elif done.returncode == 1:
                assert done.stderr.startswith("sealslotd: "), "no message"
                assert not made or not os.path.exists(admin.path(made)), f"{made} is there"
                again = admin.run(*command)
                assert again.returncode == 0, f"then: {again.stdout}{again.stderr}"
            if os.path.exists(admin.path("store/state")) and command[0] != "init":
                admin.is_well()
        except AssertionError as e:
            raise AssertionError(f"{where}: {done.stdout}{done.stderr}{e}") from e


def scenes(admin, slot):
    def snapshot(name):
        where = os.path.join(slot.folder, "before", name)
        os.makedirs(where)
        subprocess.run(["cp", "-a", *(admin.path(n) for n in os.listdir(slot.folder) if n != "before"), where], check=True)
        return where
    slot.make_keys("--from", time.strftime("%Y-%m-%d", time.gmtime(time.time() - 9 * 86400)))
    subprocess.run([os.path.join(slot.build, "tests/interop/cheap_unlock"), slot.desk.keys, slot.passphrase[1]], check=True)
    slot.write_conf()
    nothing = snapshot("nothing")
    slot.sealslotd("init")
    made = snapshot("made")
    slot.publish()
    source = Source()
    item = source.plant(slot, "a letter", [File("a.bin", os.urandom(300_000))], days_ago=1)
    source.plant(slot, "another", [], days_ago=1)
    slot.sealslotd("check", "--repair", status=None)
    slot.carry()
    with open(admin.path("text"), "w", encoding="ascii") as f:
        f.write("Thank you.\n")
    slot.desk.review("reply", item, "--message-file", admin.path("text"))
    slot.desk.review("outbox", admin.path("answers.tar"))
    slot.sealslotd("backup", admin.path("backup.tar"))
    full = snapshot("full")
    shutil.rmtree(slot.store)
    os.mkdir(slot.store, 0o700)
    shutil.chown(slot.store, "nobody") if os.getuid() == 0 else None
    return nothing, made, full, snapshot("empty")


def main():
    stride = 1 if "all" in sys.argv[2:] else STRIDE
    only = [a for a in sys.argv[2:] if a != "all"]
    with Slot(sys.argv[1]) as slot:
        admin = Admin(slot)
        nothing, made, full, empty = scenes(admin, slot)
        keys = os.path.join(slot.desk.keys, "publish", "keys.txt")
        for verb, args, before, made_by_it in (
                ("init", (), nothing, None), ("publish", (keys,), made, None), ("check", (), full, None), ("status", (), full, None),
                ("export", ("out.tar",), full, "out.tar"), ("backup", ("out.tar",), full, "out.tar"), ("import", ("answers.tar",), full, None),
                ("restore", ("backup.tar",), empty, None)):
            if not only or verb in only:
                strike_all(admin, admin.verb(verb, *args), before, stride, made_by_it)


main()
