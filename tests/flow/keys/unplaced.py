#!/usr/bin/env python3
"""The store has lost its index, and its schedule has two inboxes: no key is destroyed that an unread submission needs.
"""
# builds: sanitize
# time limit: 120

import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from calendar_clock import Calendar
from slot import Slot, body_of, part

MARK = "for the second inbox alone"


def check(condition, what):
    if not condition:
        raise SystemExit("FAILED: " + what)


def prepare(slot):
    desk = slot.desk
    desk.key_tool("init", "--instance", slot.instance)
    slot.run("tests/interop/cheap_unlock", desk.keys, slot.passphrase[1])
    done = desk.key_tool("schedule", "--inbox", "unknown=Whatever", status=2)
    check("no inbox may have the name" in done.stderr, done.stderr)
    desk.key_tool("schedule", "--inbox", "tips=Tips", "--inbox", "arts=Arts", "--epochs", "4")
    shutil.copy(os.path.join(desk.keys, "root.pub"), os.path.join(slot.folder, "root.pub"))
    slot.write_conf()
    slot.sealslotd("init")
    slot.publish()
    slot.start()
    desk.review("init", "--keys", desk.keys)


def send(slot):
    form = slot.form()
    slot.post(*body_of([part("token", dict(form.hidden)["token"].encode()), part("inbox", b"arts"),
                        part("message", MARK.encode())]), action=form.action)
    check(len(slot.stored()) == 1, "one submission is stored")


def retire(slot, name):
    """A complete list, the vault's needs, and the end of all keys that nobody needs."""
    desk = slot.desk
    bundle, needs = (os.path.join(slot.folder, name + end) for end in (".tar", ".txt"))
    slot.sealslotd("export", "--all", bundle)
    desk.review("import", bundle, status=None)  # it tells of what does not fit
    desk.review("needs", needs)
    with open(needs, encoding="ascii") as f:
        return desk.key_tool("retire", "--needs", needs, "--yes").stdout, f.read()


def main():
    with Calendar("2026-11-02") as calendar, Slot(sys.argv[1]) as slot:
        prepare(slot)
        send(slot)
        slot.stop()
        os.unlink(os.path.join(slot.store, "index.db"))
        slot.start()
        calendar.days(14 + 8)
        time.sleep(3)
        text, needs = retire(slot, "one")
        item = slot.desk.items()[0]
        check(item["inbox"] == "unknown", str(item))
        check(f"item: unknown 1 {item['id']} unread" in needs, needs)
        check("Nothing was destroyed" in text and text.count("1 not reviewed") == 2, text)
        check(len(os.listdir(os.path.join(slot.desk.keys, "epochs"))) == 8, "all keys are there")
        check(MARK in slot.desk.review("show", item["id"], status=None).stdout, "and it can be read")
    print("ok")


main()
