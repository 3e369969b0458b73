#!/usr/bin/env python3
"""A year of a newsroom in a minute: 26 rotations with uploads in each, two extensions of the schedule, a theft with
revoke, a retire each quarter. At its end: what was sealed to a retired epoch is opened by nobody, everything else opens.
"""
# builds: sanitize
# time limit: 400

import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from calendar_clock import Calendar, spoken
from slot import PASSPHRASE, Slot

DAYS = 14
ROTATIONS = 26
EPOCHS = ROTATIONS + 1
START = "2027-12-20"  # a leap year lies in it
EXTENSIONS = {7: 14, 20: 14}  # in which epoch, how many lie ahead then
THEFT = 11
QUARTERS = (7, 13, 20, 27)


def check(condition, what):
    if not condition:
        raise SystemExit("FAILED: " + what)


class Year:
    def __init__(self, build, calendar):
        self.calendar = calendar
        self.slot = Slot(build)
        self.desk = self.slot.desk
        self.disk = os.path.join(self.slot.folder, "disk")  # all that was ever on the server's
        self.words = {}  # id: what its message says
        self.said = []  # by each run of retire
        self.serial = 0
        self.commands = []  # (where, verb)

    # ---- programs, counted

    def keys(self, verb, *args, **options):
        self.commands.append(("offline", verb))
        return self.desk.key_tool(verb, *args, **options)

    def publish(self):
        self.commands.append(("server", "publish"))
        self.slot.publish()
        self.serial += 1

    def wait_for_day(self):
        """The store looks at the calendar once a second, and tells the front."""
        deadline = time.monotonic() + 30
        while f" {spoken(self.calendar.today)}," not in self.slot.get("/fingerprints").text:
            check(time.monotonic() < deadline, f"the server doesn't notice that it is {self.calendar.today}")
            time.sleep(0.05)

    # ---- what happens

    def begin(self):
        slot = self.slot
        self.keys("init", "--instance", slot.instance)
        slot.run("tests/interop/cheap_unlock", self.desk.keys, slot.passphrase[1])
        self.keys("schedule", "--inbox", "tips=Investigations desk", "--epochs", "8")
        shutil.copy(os.path.join(self.desk.keys, "root.pub"), os.path.join(slot.folder, "root.pub"))
        slot.write_conf()
        slot.sealslotd("init")
        self.publish()
        slot.start()
        slot.desk.review("init", "--keys", slot.desk.keys)
        os.mkdir(self.disk)

    def upload(self, epoch, n):
        before = set(os.listdir(self.disk))
        words = f"letter {n} of fortnight {epoch}"
        page = self.slot.upload(words)
        check(page.status == 200, page.text)
        for folder, _, names in os.walk(os.path.join(self.slot.store, "items")):
            for name in names:
                if re.match(r"[0-9a-f]{32}", name) and name not in before:
                    shutil.copy(os.path.join(folder, name), os.path.join(self.disk, name))
        new = set(os.listdir(self.disk)) - before
        check(len(new) == 1, f"one file more on the disk: {new}")
        self.words[new.pop()[:32]] = (epoch, words)

    def carry(self, epoch):
        bundle = os.path.join(self.slot.folder, f"stick-{epoch}.tar")
        self.commands += [("server", "export"), ("offline", "import")]
        self.slot.sealslotd("export", "--all", bundle)
        self.desk.review("import", bundle)
        os.unlink(bundle)
        for item in self.desk.items():
            if item["reviewed"]:
                continue
            check(item["state"] == "opened" and item["flags"] == [], str(item))
            check(self.words[item["id"]][1] in self.desk.review("show", item["id"]).stdout, "the letter's words")
            self.desk.review("done", item["id"])
        self.confirm(epoch)

    def confirm(self, epoch):
        """Receipts, for what a backup of the vault holds: a week later the server deletes it."""
        vault, answers = (os.path.join(self.slot.folder, f"{name}-{epoch}") for name in ("vault", "answers.tar"))
        self.commands += [("offline", "backup VAULT"), ("offline", "outbox"), ("server", "import")]
        self.desk.review("backup", vault)
        self.desk.review("outbox", answers)
        self.slot.sealslotd("import", answers)
        os.unlink(vault)

    def quarter(self, epoch):
        path = os.path.join(self.slot.folder, f"needs-{epoch}.txt")
        self.commands.append(("offline", "needs"))
        self.desk.review("needs", path)
        self.said.append(self.keys("retire", "--needs", path, "--yes").stdout)
        self.keys("schedule", "--epochs", str(EXTENSIONS.get(epoch, 6)))
        self.publish()
        self.keys("backup", os.path.join(self.slot.folder, f"backup-{epoch}"))

    def theft(self):
        """Somebody copies the key store and knows the passphrase."""
        stolen = os.path.join(self.slot.folder, "stolen")
        shutil.copytree(self.desk.keys, stolen)
        check("new keys" in (text := self.keys("revoke", "--all").stdout) or "replaced" in text, text)
        self.publish()
        return stolen

    def run(self):
        stolen = None
        self.begin()
        for epoch in range(1, EPOCHS + 1):
            if epoch > 1:
                self.calendar.days(DAYS)
                self.wait_for_day()
            self.upload(epoch, 1)
            if epoch == THEFT:
                stolen = self.theft()
                self.wait_for_serial()
                self.upload(epoch, 2)
            if epoch in EXTENSIONS:
                status = self.slot.sealslotd("status", status=None)
                check(status.returncode == 3 and "warning" in status.stdout, f"status in fortnight {epoch}: {status.stdout}")
            if epoch % 2 == 0 or epoch in QUARTERS:
                self.carry(epoch)
            if epoch in QUARTERS:
                self.quarter(epoch)
                self.wait_for_serial()
        return stolen

    def wait_for_serial(self):
        deadline = time.monotonic() + 30
        while f"\nserial: {self.serial}\n" not in self.slot.get("/keys").text:
            check(time.monotonic() < deadline, f"the server doesn't serve schedule {self.serial}")
            time.sleep(0.05)


# ---- the proof, with stock tools

def stock_keys(year, keys, name):
    """Every key of a key store in one identity file, by stock age and the passphrase."""
    folder = os.path.join(year.slot.folder, "stock-" + name)
    os.mkdir(folder)
    unlock = os.path.join(folder, "unlock")
    subprocess.run(["expect", "-c", f"""log_user 0
        spawn age -d -o {unlock} {keys}/unlock.age
        expect "passphrase"; send "{PASSPHRASE}\\r"; expect eof; exit [lindex [wait] 3]"""], check=True)
    path = os.path.join(folder, "identities")
    with open(path, "wb") as f:
        for key in sorted(os.listdir(os.path.join(keys, "epochs"))):
            f.write(subprocess.run(["age", "-d", "-i", unlock, os.path.join(keys, "epochs", key)],
                                   capture_output=True, check=True).stdout)
        with open(unlock, "rb") as u:
            f.write(u.read())  # should anything be sealed to that
    return path


def opened(year, identities):
    """The ids of all files that were ever on the server's disk and that these keys open."""
    found = set()
    for name in os.listdir(year.disk):
        done = subprocess.run(["age", "-d", "-i", identities, os.path.join(year.disk, name)], capture_output=True,
                              check=False)
        if done.returncode == 0:
            check(year.words[name[:32]][1].encode() in done.stdout, "another letter's words")
            found.add(name[:32])
        else:
            check(b"no identity matched" in done.stderr, done.stderr.decode())
    return found


def numbers_of(ranges):
    """{1, 2, 3} of "tips:1-3", as the log has it."""
    first, _, last = ranges.removeprefix("tips:").partition("-")
    return set(range(int(first), int(last or first) + 1))


def prove(year, stolen):
    keys = year.desk.keys
    with open(os.path.join(keys, "log"), encoding="ascii") as f:
        log = f.read()
    retired = {int(n) for n in re.findall(r"^\S+ retired tips (\d+)$", log, re.M)}
    print("retired epochs:", sorted(retired))
    check(retired == set(range(1, max(retired) + 1)) and len(retired) >= 18, f"retired: {retired}")
    items = {i["id"]: i for i in year.desk.items()}
    check(set(items) == set(year.words) and len(items) == EPOCHS + 1, "the vault has every letter")
    for i, (epoch, words) in year.words.items():
        check(items[i]["epoch"] == epoch and items[i]["reviewed"], f"{i} wasn't reviewed")
        done = year.desk.review("show", i, status=None)
        if epoch in retired:
            check(done.returncode == 1 and "was retired" in done.stderr, f"{i}: {done.stdout}{done.stderr}")
        else:
            check(done.returncode == 0 and words in done.stdout, f"{i}: {done.stderr}")

    live = {i for i, (epoch, _) in year.words.items() if epoch not in retired}
    check(opened(year, stock_keys(year, keys, "left")) == live, "all keys left open exactly what isn't retired")

    # The thief reads what had come until the revocation reached the server, and nothing after it.
    theirs = {year.words[i] for i in opened(year, stock_keys(year, stolen, "stolen"))}
    check((THEFT, f"letter 1 of fortnight {THEFT}") in theirs, "the thief has the key of that day")
    check(all(e <= THEFT and (e, w) != (THEFT, f"letter 2 of fortnight {THEFT}") for e, w in theirs), str(theirs))

    # A backup that wasn't destroyed opens what was retired since; and retire had said so, by its numbers, in each run.
    had = numbers_of(re.search(r" backup \w+ (\S+) \S*backup-20$", log, re.M).group(1))
    theirs = sorted(had & retired)
    check("backup-7: opens" in year.said[-1], "one of an earlier quarter is still named")
    check(theirs and had - retired, f"backup-20 has {had}, retired are {retired}")
    check(f"backup-20: opens {len(theirs)} of them, tips {theirs[0]} to tips {theirs[-1]}" in year.said[-1], year.said[-1])
    check(f"backup-20 opens {len(theirs)} retired epochs, tips {theirs[0]} to tips {theirs[-1]}" in
          year.slot.run("keys/sealslot-keys", "show", keys).stdout, "show names it")
    old = os.path.join(year.slot.folder, "old")
    year.slot.run("keys/sealslot-keys", "restore", os.path.join(year.slot.folder, "backup-20"), old,
                  *year.slot.passphrase)
    again = opened(year, stock_keys(year, old, "old")) - live
    check(len(again) >= 5, "the old backup opens retired epochs")
    for name, option in (("by-schedule", ["--schedule", os.path.join(keys, "publish", "keys.txt")]),
                         ("by-log", ["--log", os.path.join(keys, "log")])):
        new = os.path.join(year.slot.folder, name)
        done = year.slot.run("keys/sealslot-keys", "restore", os.path.join(year.slot.folder, "backup-20"), new, *option,
                             *year.slot.passphrase)
        check(f"tips:{theirs[0]}-{theirs[-1]}." in done.stdout and "Left out" in done.stdout, done.stdout)
        numbers = {int(n.split("-")[1].split(".")[0]) for n in os.listdir(os.path.join(new, "epochs"))}
        check(numbers == had - retired, f"{name}: {numbers} are back of {had}, {retired} are retired")
        want = {i for i in live if year.words[i][0] in numbers}
        check(want and opened(year, stock_keys(year, new, name)) == want, f"{name}: it opens what isn't retired")
        print(name, "restored", sorted(numbers), "which has letters of", sorted({year.words[i][0] for i in want}))

    texts = sorted(n for n in os.listdir(os.path.join(keys, "publish")) if re.fullmatch(r"keys-\d+\.txt", n))
    for name in texts:
        subprocess.run(["minisign", "-Vq", "-p", os.path.join(keys, "root.pub"), "-m",
                        os.path.join(keys, "publish", name)], check=True)
    print(len(texts), "schedules, each verified by minisign")
    check(len(texts) == year.serial, "every schedule was published")


def main():
    began = time.monotonic()
    with Calendar(START) as calendar:
        year = Year(sys.argv[1], calendar)
        with year.slot:
            stolen = year.run()
            prove(year, stolen)
            count = {where: sum(w == where for w, _ in year.commands) for where in ("offline", "server")}
            print(f"{ROTATIONS} rotations; commands of admins and reviewers but for reading: {count}")
    print(f"ok, {time.monotonic() - began:.0f} s")


main()
