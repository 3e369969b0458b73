#!/usr/bin/env python3
"""The end of a key: done, keep and needs in the vault, retire in the key store, with a real server between them.
Which epoch must stay, and why; what is destroyed can't be opened any more, but for what was kept.
"""
# builds: sanitize
# time limit: 300

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from calendar_clock import Calendar
from slot import Failed, File, Slot, PASSPHRASE

MARK = b"the only words of the first epoch"

# Leaks can't be searched for under strace.
UNDER_STRACE = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def check(condition, what):
    if not condition:
        raise SystemExit("FAILED: " + what)


def step(what):
    print("==", what, flush=True)


class Run:
    def __init__(self, build, calendar):
        self.calendar = calendar
        self.slot = Slot(build)
        self.desk = self.slot.desk
        self.n = 0

    def pass_days(self, n):
        """The store looks at the calendar once a second, and tells the front."""
        self.calendar.days(n)
        time.sleep(2)

    def cheap(self, keys):
        self.slot.run("tests/interop/cheap_unlock", keys, self.slot.passphrase[1])

    def carry(self, *args):
        self.n += 1
        bundle = os.path.join(self.slot.folder, f"carry-{self.n}.tar")
        self.slot.sealslotd("export", bundle, *args)
        self.desk.review("import", bundle)

    def needs(self, desk=None):
        self.n += 1
        path = os.path.join(self.slot.folder, f"needs-{self.n}.txt")
        (desk or self.desk).review("needs", path)
        return path

    def retire(self, *args, status=0):
        done = self.desk.key_tool("retire", *args, status=status)
        return done.stdout + done.stderr

    def epochs(self):
        return sorted(os.listdir(os.path.join(self.desk.keys, "epochs")))

    def log(self):
        with open(os.path.join(self.desk.keys, "log"), encoding="ascii") as f:
            return f.read()

    def ids(self, epoch):
        return [i["id"] for i in self.desk.items() if i["epoch"] == epoch]


def prepare(run):
    slot = run.slot
    slot.desk.key_tool("init", "--instance", slot.instance)
    run.cheap(slot.desk.keys)
    slot.desk.key_tool("schedule", "--inbox", "tips=Investigations desk", "--epochs", "6")
    shutil.copy(os.path.join(slot.desk.keys, "root.pub"), os.path.join(slot.folder, "root.pub"))
    slot.write_conf()
    slot.sealslotd("init")
    slot.publish()
    slot.start()
    slot.desk.review("init", "--keys", slot.desk.keys)


def uploads(run):
    """Two submissions in epoch 1, one in epoch 2."""
    run.slot.upload(MARK.decode(), [File("a.bin", MARK * 9)])
    run.slot.upload("another one", [])
    run.pass_days(14)
    run.slot.upload("of epoch two", [])
    run.carry()
    check(len(run.ids(1)) == 2 and len(run.ids(2)) == 1, f"the epochs of the submissions: {run.desk.items()}")


def too_early(run):
    step("what isn't over, isn't listed completely, or isn't reviewed stays, and is named")
    text = run.retire("--needs", run.needs(), "--yes")
    check("tips 1, over since" in text and "complete list of" in text and "sealslotd export --all" in text, text)
    check("5 epochs aren't over" in text and "Nothing was destroyed" in text, text)
    run.pass_days(7)
    run.carry()
    text = run.retire("--needs", run.needs(), "--yes")
    check("2 not reviewed, of it or of earlier ones" in text and run.ids(1)[0][:8] in text, text)
    one, two = run.ids(1)
    run.desk.review("done", one[:8])
    check("1 not reviewed, 1 that the server may still have" in run.retire("--needs", run.needs(), "--yes"), "one done")
    run.desk.review("done", one, "--undo")
    check("2 not reviewed" in run.retire("--needs", run.needs(), "--yes"), "undone")
    run.desk.review("done", one, two)
    text = run.retire("--needs", run.needs(), "--yes")
    check("2 that the server may still have" in text and "Nothing was destroyed" in text, text)
    check(len(run.epochs()) == 6 and "retired" not in run.log(), "nothing is destroyed")


def refusals(run):
    step("what isn't a needs file of this desk is refused")
    path = run.needs()
    with open(path, encoding="ascii") as f:
        text = f.read()
    forged = path + ".forged"
    shutil.copy(path + ".minisig", forged + ".minisig")
    with open(forged, "w", encoding="ascii") as f:
        f.write(text.replace("count: 6 3", "count: 6 0"))
    check("isn't signed by the reply key" in run.retire("--needs", forged, "--yes", status=1), "forged")
    bare = path + ".bare"
    shutil.copy(path, bare)
    check("bare.minisig: not found" in run.retire("--needs", bare, "--yes", status=1), "without a signature")
    check("of the same vault" in run.retire("--needs", path, "--needs", run.needs(), "--yes", status=1), "twice")
    check("not found" in run.retire("--needs", path + ".none", "--yes", status=1), "no file")
    check("no backup, copy or vault" in run.retire("--needs", path, "--gone", "ab" * 16, status=1), "gone")
    check("--needs FILE" in run.retire(status=2), "nothing to go by")
    # The signature verifies with stock tools.
    subprocess.run(["minisign", "-Vq", "-p", os.path.join(run.desk.keys, "reply.pub"), "-m", path], check=True)
    try:
        run.desk.review("needs", path)
        check(False, "an old file is overwritten")
    except Failed as e:
        check("exists already" in str(e), str(e))
    check("no terminal" in run.retire("--needs", path, "--lost-by-choice", status=1), "without a terminal")
    check(len(run.epochs()) == 6, "nothing is destroyed")


def ahead(run):
    step("a complete list from a day that hasn't come is refused")
    today, before = run.calendar.today, run.epochs()
    run.calendar.days(20)
    time.sleep(2)
    run.carry()
    run.calendar.go(today)
    text = run.retire("--needs", run.needs(), "--yes", "--lost-by-choice", status=1)
    check("complete list is of" in text and "after today" in text and "clocks" in text, text)
    check(run.epochs() == before, str(run.epochs()))


def keep(run):
    step("keep: sealed anew, bit for bit")
    kept = next(i for i in run.ids(1) if MARK in run.desk.review("show", i).stdout.encode())
    before, _ = run.desk.extract(kept)
    with open(os.path.join(run.desk.vault, "items", kept + ".age"), "rb") as f:
        sha = subprocess.run(["sha256sum"], stdin=f, capture_output=True, text=True, check=True).stdout.split()[0]
    check(sha in run.desk.review("keep", kept).stdout, "the original's SHA-256 is said")
    check(f"SHA-256 of the original {sha}" in run.desk.review("show", kept).stdout, "and shown later")
    run.desk.review("keep", kept)
    return kept, before


def destroy(run):
    step("a backup and a copy are named; the number is typed; what is destroyed is gone")
    keys, folder = run.desk.keys, run.slot.folder
    backup, copy = os.path.join(folder, "backup"), os.path.join(folder, "copy")
    run.desk.key_tool("backup", backup)
    run.desk.key_tool("reviewer-copy", copy, "--copy-passphrase-file", run.slot.passphrase[1])
    path = run.needs()
    typed = subprocess.run(
        ["expect", "-c", f"""
            set timeout 60
            spawn {run.slot.build}/keys/sealslot-keys retire {keys} --needs {path} --lost-by-choice
            expect "Passphrase"; send "{PASSPHRASE}\\r"
            expect "Type 1 to destroy the key of tips 1 for ever: "; send "2\\r"
            expect eof; exit [lindex [wait] 3]"""], capture_output=True, text=True, check=False)
    check(typed.returncode == 0 and "tips 1 stays" in typed.stdout, typed.stdout + typed.stderr)
    check(len(run.epochs()) == 6, "the wrong number destroys nothing")
    typed = subprocess.run(
        ["expect", "-c", f"""
            set timeout 60
            spawn {run.slot.build}/keys/sealslot-keys retire {keys} --needs {path} --lost-by-choice
            expect "Passphrase"; send "{PASSPHRASE}\\r"
            expect "Type 1 to destroy"; send "1\\r"
            expect eof; exit [lindex [wait] 3]"""], capture_output=True, text=True, check=False)
    text = typed.stdout
    check(typed.returncode == 0 and "1 epoch destroyed" in text and "not erasure" in text.replace("\r\n", " "), text)
    check("given up" in text and "backup of" in text and "copy of" in text and "opens 1 of them, tips 1" in text, text)
    check(run.epochs() == [f"tips-{n}.age" for n in range(2, 7)], str(run.epochs()))
    check(run.log().count("retired tips 1\n") == 1, run.log())
    check(run.log().count(" vault ") == 1, run.log())
    return copy


def afterwards(run, kept, before):
    step("what was kept opens; what wasn't doesn't")
    run.desk.review("show", kept)
    shutil.rmtree(os.path.join(run.slot.folder, "out-" + kept))
    check(run.desk.extract(kept)[0] == before, "the kept one's files")
    lost = next(i for i in run.ids(1) if i != kept)
    for verb in (["show", lost], ["extract", lost, "--to", os.path.join(run.slot.folder, "x")], ["keep", lost]):
        done = run.desk.review(*verb, status=1)
        check("was retired, and this wasn't kept" in done.stderr, done.stderr)
    check("2 verified to the last byte, 1 without a key, 0 bad" in run.desk.review("verify").stdout, "verify")
    run.desk.review("list")
    # Stock age opens it, with the archive key.
    work = os.path.join(run.slot.folder, "stock")
    os.mkdir(work)
    unlock = os.path.join(work, "unlock")
    subprocess.run(["expect", "-c", f"""log_user 0
        spawn age -d -o {unlock} {run.desk.keys}/unlock.age
        expect "passphrase"; send "{PASSPHRASE}\\r"; expect eof; exit [lindex [wait] 3]"""], check=True)
    archive = subprocess.run(["age", "-d", "-i", unlock, os.path.join(run.desk.vault, "archive.age")],
                             capture_output=True, check=True).stdout
    with open(os.path.join(work, "archive"), "wb") as f:
        f.write(archive)
    plain = subprocess.run(["age", "-d", "-i", os.path.join(work, "archive"),
                            os.path.join(run.desk.vault, "kept", kept + ".age")], capture_output=True, check=True)
    check(MARK in plain.stdout, "stock age opens what was kept")


def recorded(run, copy):
    step("a vault that was asked once is asked always; what is gone is named no more")
    second = os.path.join(run.slot.folder, "second-vault")
    run.slot.run("client/sealslot-review", "init", second, "--keys", run.desk.keys, *run.slot.passphrase)
    other = os.path.join(run.slot.folder, "needs-second.txt")
    run.slot.run("client/sealslot-review", "needs", second, other, *run.slot.passphrase)
    text = run.retire("--needs", other, "--yes", status=1)
    check("is opened with these keys as well" in text, text)
    text = run.retire("--needs", other, "--needs", run.needs(), "--yes")
    check("Nothing was destroyed" in text, text)
    lines = [line.split() for line in run.log().splitlines()]
    ids = {line[1]: line[2] for line in lines if line[1] in ("backup", "copy")}
    vaults = [line[2] for line in lines if line[1] == "vault"]
    check(len(vaults) == 2, "both vaults are recorded")
    run.retire("--gone", ids["backup"], "--gone", vaults[1])
    check(f"gone {ids['backup']}" in run.log(), run.log())
    run.retire("--needs", run.needs(), "--yes")
    # The copy loses what was retired when it is brought up to date.
    run.desk.key_tool("reviewer-copy", copy, "--copy-passphrase-file", run.slot.passphrase[1])
    check(not os.path.exists(os.path.join(copy, "epochs", "tips-1.age")), "the copy's key")


def finished(run, number, want, where):
    check(run.epochs() == want, f"{where}: {run.epochs()}")
    for n in range(1, number + 1):
        check(run.log().count(f"retired tips {n}\n") == 1, f"{where}: {run.log()}")


def killed(run, number, least):
    """Retires that epoch, killed at each step that changes the disk, and run again."""
    slot = run.slot
    path = run.needs()
    options = ("--needs", path, "--lost-by-choice", "--yes")
    fresh = f"{run.desk.keys}.{number}"
    shutil.copytree(run.desk.keys, fresh)
    keys = [name for name in run.epochs() if name.startswith(f"tips-{number}.")]
    want = [name for name in run.epochs() if name not in keys]
    steps, left = 0, set()
    for call in ("write", "pwrite64", "fsync", "renameat", "renameat2", "rename", "unlinkat", "ftruncate"):
        nth = 0
        while True:
            nth += 1
            shutil.rmtree(run.desk.keys)
            shutil.copytree(fresh, run.desk.keys)
            argv = [os.path.join(slot.build, "keys/sealslot-keys"), "retire", run.desk.keys, *options, *slot.passphrase]
            done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                   f"inject={call}:signal=KILL:when={nth}", *argv], capture_output=True, check=False, env={**os.environ, **UNDER_STRACE})
            if done.returncode == 0:
                break
            check(done.returncode in (137, -9), f"{call} {nth}: {done.returncode} {done.stderr}")
            steps += 1
            left.add(len(run.epochs()) - len(want))
            run.retire(*options)
            finished(run, number, want, f"{call} {nth}")
        finished(run, number, want, f"{call}, not killed")
    check(steps >= least and left == set(range(len(keys) + 1)), f"only {steps} steps were tried, keys left: {left}")
    print(steps, "steps")


def killed_one_key(run):
    step("killed at every step of retire, the next run finishes it: nothing is lost, nothing doubled")
    run.desk.review("done", *run.ids(2))
    run.pass_days(14)
    run.carry()
    killed(run, 2, 8)


def killed_two_keys(run):
    step("the same with two keys in one epoch, as after a theft: both go, recorded once")
    run.slot.upload("to the key that is stolen", [])
    run.desk.key_tool("revoke", "--inbox", "tips", "--epoch", "3")
    run.slot.publish()
    run.slot.upload("to the key that replaces it", [])
    run.pass_days(14)
    run.carry()
    check(len(run.ids(3)) == 2, f"both are opened: {run.desk.items()}")
    run.desk.review("done", *run.ids(3))
    check(run.epochs()[:2] == ["tips-3.1.age", "tips-3.age"], str(run.epochs()))
    text = run.retire("--needs", run.needs())
    check("tips 3, over since" in text and "2 keys" in text, text)
    # The log, then each key: overwritten, synced, removed, synced.
    killed(run, 3, 12)
    check(run.epochs() == [f"tips-{n}.age" for n in range(4, 7)], str(run.epochs()))


def main():
    with Calendar("2027-12-20") as calendar:
        run = Run(sys.argv[1], calendar)
        with run.slot:
            prepare(run)
            uploads(run)
            too_early(run)
            refusals(run)
            kept, before = keep(run)
            copy = destroy(run)
            afterwards(run, kept, before)
            recorded(run, copy)
            killed_one_key(run)
            killed_two_keys(run)
            ahead(run)
    print("ok")


main()
