#!/usr/bin/env python3
"""Runs the commands of docs/year.md as they stand there, from the first day to the restored key store, and counts them.

Made true before: ONION, ID, the media's folders, the server's paths. Passphrases come from a file, retire isn't asked for
the epochs' numbers, systemctl is done by this test. Nothing else is changed.
"""
# builds: sanitize
# time limit: 300

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../../..")
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from calendar_clock import Calendar
from slot import INSTANCE, Slot

PASSPHRASE_KEYS = 36
NUMBER_KEYS = 3
LOST = "a letter that was on the lost stick"
ROWS = {"The first day": "first day", "Each quarter": "each quarter", "The key store, or": "a theft",
        "The server's disk": "a dead server disk"}


def scenes():
    """{title: [(where, command)]} in order."""
    with open(os.path.join(ROOT, "docs", "year.md"), encoding="utf-8") as f:
        text = f.read()
    found = {}
    for part in re.split(r"^\*\*", text.split("## What it costs")[0], flags=re.M)[1:]:
        title = part.split("**")[0]
        found[title] = [(where, line) for where, block in re.findall(r"^```(\w+)\n(.*?)^```", part, re.S | re.M)
                        for line in block.splitlines() if line.strip()]
    return found, text


def asks_passphrase(where, line):
    return where == "offline" and line.startswith("sealslot-") and " show KEYS" not in line


class Typist:
    def __init__(self, slot, calendar):
        self.slot, self.calendar = slot, calendar
        self.home = os.path.join(slot.folder, "offline")
        self.media = {name: os.path.join(slot.folder, name) for name in ("stick", "backup", "disk")}
        for path in (self.home, *self.media.values()):
            os.mkdir(path)
            os.chmod(path, 0o755)
        self.retired = set()  # epochs, as the log says
        self.programs = {"sealslot-keys": "keys", "sealslot-review": "client", "sealslotd": "server"}

    def arguments(self, line):
        program, verb = line.split()[:2]
        extra = ["--conf", self.slot.conf] if program == "sealslotd" else list(self.slot.passphrase)
        if (program, verb) == ("sealslot-keys", "show"):
            extra = []
        if verb == "reviewer-copy":
            extra += ["--copy-passphrase-file", self.slot.passphrase[1]]
        if verb == "retire" and "--needs" in line:
            extra += ["--yes"]
        return " " + " ".join(extra)

    def id_for(self, line):
        if "--gone" in line:
            with open(os.path.join(self.home, "KEYS", "log"), encoding="ascii") as f:
                return re.findall(r"^\S+ copy (\w+) ", f.read(), re.M)[-1]
        return self.review_items()[0]["id"]

    def review_items(self):
        argv = [os.path.join(self.slot.build, "client/sealslot-review"), "list", os.path.join(self.home, "VAULT"),
                "--json", *self.slot.passphrase]
        return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)["items"]

    def true_to_place(self, line):
        line = line.replace("ONION", INSTANCE).replace("/etc/sealslot/root.pub", self.slot.folder + "/root.pub")
        for name, path in self.media.items():
            line = line.replace("/media/" + name, path)
        if "DESKKEY" in line:
            with open(os.path.join(self.home, "DESK", "reply.pub"), encoding="ascii") as f:
                line = line.replace("DESKKEY", f.read().splitlines()[-1])
        if re.search(r"\bID\b", line):
            line = re.sub(r"\bID\b", self.id_for(line), line)
        program = line.split()[0]
        if program in self.programs:
            args = self.arguments(line)
            line = os.path.join(self.slot.build, self.programs[program], line) + args
        return line

    def type(self, where, line):
        if line.startswith("systemctl"):
            if " stop " in line:
                self.slot.stop()
            else:
                self.slot.start()
            return
        done = subprocess.run(["sh", "-c", self.true_to_place(line)], cwd=self.home, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        print(f"{where}$ {line}\n{done.stdout}{done.stderr}", end="", flush=True)
        assert done.returncode == 0, f"docs/year.md says: {line}"
        if line.startswith("sealslot-keys init"):
            # So that the test doesn't take the time that a passphrase is worth.
            self.slot.run("tests/interop/cheap_unlock", os.path.join(self.home, "KEYS"), self.slot.passphrase[1])
        for at in glob.glob(self.media["stick"] + "/**", recursive=True):
            os.chmod(at, 0o755)
        return done.stdout

    def before(self, title):
        """What happens in the world before a scene."""
        if title.startswith("Every week"):
            self.slot.upload("a first letter")
            self.calendar.days(1)  # receipts are for days that are over
            time.sleep(1.5)
            self.slot.wait_for(200)
        elif title.startswith("Each quarter"):
            for _ in range(5):
                self.calendar.days(20)  # over the retention time; no jump of the clock
                time.sleep(1.5)
                self.slot.wait_for(200)
        elif title.startswith("A stick was lost"):
            self.slot.upload(LOST)
        elif title.startswith("The server's disk"):
            self.slot.upload("a letter that is lost")
        elif title.startswith("The key store's medium"):
            shutil.rmtree(os.path.join(self.home, "KEYS"))
        elif title.startswith("A second desk"):
            os.rename(os.path.join(self.home, "RESTORED"), os.path.join(self.home, "KEYS"))
            shutil.copy(os.path.join(self.home, "KEYS", "root.pub"), self.media["stick"])

    def epochs(self, keys):
        return {int(re.search(r"-(\d+)[.]", name).group(1)) for name in os.listdir(os.path.join(self.home, keys, "epochs"))}

    def retired_epochs(self, keys):
        with open(os.path.join(self.home, keys, "log"), encoding="ascii") as f:
            return {int(n) for n in re.findall(r"^\S+ retired tips (\d+)$", f.read(), re.M)}

    def newest_text(self):
        """What the vault shows of all that isn't reviewed yet."""
        text = ""
        for item in self.review_items():
            if not item["reviewed"]:
                argv = [os.path.join(self.slot.build, "client/sealslot-review"), "show", os.path.join(self.home, "VAULT"),
                        item["id"], *self.slot.passphrase]
                text += subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        return text

    def after(self, title, said):
        if title.startswith("Each quarter"):
            assert "epochs destroyed" in said["sealslot-keys retire"], said
            self.retired = self.retired_epochs("KEYS")
            assert self.retired, "the log names none"
        if title.startswith("A stick was lost"):
            assert not self.epochs("KEYS") & self.retired, "a retired key is there"
            assert LOST in self.newest_text(), "the letter that was carried again opens"
        if title.startswith("The key store's medium"):
            there = self.epochs("RESTORED")
            assert there and not there & self.retired, f"{there} are back, {self.retired} were retired"
            assert self.retired_epochs("RESTORED") == self.retired, "the log knows what was retired"
            listed = subprocess.run(["grep", "^epoch: ", os.path.join(self.home, "RESTORED/publish/keys.txt")],
                                    capture_output=True, text=True, check=True).stdout
            assert there == {int(line.split()[2]) for line in listed.splitlines()}, f"{there}, and listed: {listed}"
        if title.startswith("A second desk"):
            self.slot.upload("for both desks")
            bundle = os.path.join(self.media["stick"], "both.tar")
            for where, line in (("server", f"sealslotd export {bundle}"), ("desk2", f"sealslot-review import VAULT2 {bundle}"),
                                ("desk2", "sealslot-review list VAULT2 --json")):
                said = self.type(where, line)
            states = [item["state"] for item in json.loads(said)["items"]]
            assert states.count("opened") == 1, f"the new desk opens what came since, and that alone: {states}"
        if title.startswith("The server's disk"):
            assert self.slot.upload("after the restore").status == 200


def count(lines):
    pressed = 0
    for where, line in lines:
        pressed += len(line) + 1
        if asks_passphrase(where, line):
            pressed += PASSPHRASE_KEYS * (2 if " init KEYS" in line else 1)
        if " retire " in line and "--needs" in line:
            pressed += 7 * NUMBER_KEYS  # the epochs of a quarter
    return len(lines), pressed


def counted(found, text):
    for title, lines in found.items():
        row = next((name for start, name in ROWS.items() if title.startswith(start)), None)
        if row is None:
            continue
        commands, pressed = count(lines)
        print(f"{row}: {commands} commands, {pressed} keys")
        assert re.search(rf"^\| {row} \| {commands} \| {pressed} \|", text, re.M), f"the table's row: {row}"


def main():
    found, text = scenes()
    assert len(found) == 9, list(found)
    with Calendar("2028-01-03") as calendar:
        with Slot(sys.argv[1]) as slot:
            slot.write_conf()
            typist = Typist(slot, calendar)
            for title, lines in found.items():
                typist.before(title)
                said = {}
                for where, line in lines:
                    if line.startswith("sealslotd restore"):
                        shutil.rmtree(slot.store)
                    said[" ".join(line.split()[:2])] = typist.type(where, line)
                typist.after(title, said)
    counted(found, text)
    print("ok")


main()
