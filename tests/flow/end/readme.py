#!/usr/bin/env python3
"""Runs the README's commands as they stand there: the five steps of a real slot.

Placeholders are made true before (ONION, KEYS, VAULT, ID, DIR, the paths of server and stick); the passphrase comes
from a file instead of a terminal. Nothing else is changed. The two commands that set everything up are run by CI itself.
"""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../../..")
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from slot import Slot  # noqa: E402

WRAPPER = """#!/bin/sh
verb=$1
case $verb in
serve) exec {program} "$@" ;;
esac
exec {program} "$@" {passphrase}
"""


def commands():
    """The lines of the fenced blocks below "A real slot"."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        text = f.read().split("## A real slot", 1)[1].split("\n## ", 1)[0]
    for block in re.findall(r"^ *```\n(.*?)^ *```", text, re.S | re.M):
        yield from (line.strip() for line in block.splitlines() if line.strip())


def manuals_exist():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        pages = re.findall(r"`man (\S+)`", f.read())
    assert len(pages) >= 3, pages
    for page in pages:
        assert os.path.exists(os.path.join(ROOT, page)), f"README names {page}, which doesn't exist"


class Reader:
    """Somebody who types what the README says, in one folder."""

    def __init__(self, slot):
        self.slot = slot
        self.home = os.path.join(slot.folder, "home")
        self.bin = os.path.join(slot.folder, "bin")
        os.makedirs(self.home)
        os.makedirs(self.bin)
        os.chmod(self.home, 0o755)
        for room, name, passphrase in (("keys", "sealslot-keys", True), ("client", "sealslot-review", True),
                                       ("server", "sealslotd", False)):
            path = os.path.join(self.bin, name)
            with open(path, "w", encoding="ascii") as f:
                f.write(WRAPPER.format(program=os.path.join(slot.build, room, name),
                                       passphrase=" ".join(slot.passphrase) if passphrase else ""))
            os.chmod(path, 0o755)

    def true_to_place(self, line, item=None):
        places = {"/etc/sealslot/sealslotd.conf": self.slot.conf, "/media/stick/out.tar": self.slot.folder + "/out.tar",
                  "/media/stick/answers.tar": self.slot.folder + "/answers.tar",
                  "ONION": "a" * 55 + "d.onion", " keys.txt": " publish/keys.txt"}
        for name, place in places.items():
            line = line.replace(name, place)
        return re.sub(r"\bID\b", item or "ID", line)

    def type(self, line):
        env = dict(os.environ, PATH=self.bin + ":" + os.environ["PATH"])
        done = subprocess.run(["sh", "-c", line], cwd=self.home, env=env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        print(f"$ {line}\n{done.stdout}{done.stderr}", end="")
        assert done.returncode == 0, f"the README says: {line}"
        return done.stdout

    def carry_keys(self):
        """What step 1 says is carried: root.pub and the folder publish."""
        self.type("cp KEYS/root.pub .. && cp -r KEYS/publish . && chmod -R a+rX publish")


def main():
    manuals_exist()
    with Slot(sys.argv[1]) as slot:
        slot.write_conf()
        reader, item, seen = Reader(slot), None, set()
        for line in commands():
            seen.add(" ".join(line.split()[:2]))
            if line.startswith("sealslotd init"):
                reader.carry_keys()
            if line.startswith("sealslotd serve"):
                slot.start()
                slot.upload("read me")
                continue
            if line.startswith("sealslot-review reply"):
                with open(os.path.join(reader.home, "answer.txt"), "w", encoding="ascii") as f:
                    f.write("thank you")
            out = reader.type(reader.true_to_place(line, item))
            if line.startswith("sealslot-review list"):
                item = json.loads(reader.type("sealslot-review list VAULT --json"))["items"][0]["id"]
            if line.startswith("sealslot-review show"):
                assert "read me" in out
            if line.startswith("sealslotd import"):
                assert "1 new reply" in out
        with open(os.path.join(reader.home, "DIR", "message.txt"), encoding="utf-8") as f:
            assert f.read() == "read me"
    assert len(seen) >= 10, f"the README has only {seen}"


main()
