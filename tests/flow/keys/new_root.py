#!/usr/bin/env python3
"""Another root key: the statement of the old one, the server's new pin by hand, a vault that follows; killed at each step."""
# builds: release sanitize
# time limit: 300

import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from slot import Failed, Slot

# Leaks can't be searched for under strace.
UNDER_STRACE = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def check(condition, what):
    if not condition:
        raise SystemExit("FAILED: " + what)


def step(what):
    print("==", what, flush=True)


def refused(words, run):
    try:
        run()
    except Failed as e:
        check(words in str(e), f"{words!r} isn't said: {e}")
    else:
        check(False, f"it went through without {words!r}")


def key_line(path):
    with open(path, encoding="ascii") as f:
        return f.read().split()[-1]


def minisign(root, path):
    subprocess.run(["minisign", "-Vq", "-p", root, "-m", path], check=True)


def hand_over(slot, old_root):
    step("new-root: a statement under the old key, a schedule under the new one")
    keys = slot.desk.keys
    said = slot.desk.key_tool("new-root").stdout
    publish = os.path.join(keys, "publish")
    statement = os.path.join(publish, "root-0002.txt")
    minisign(old_root, statement)
    with open(statement, encoding="ascii") as f:
        text = f.read()
    new = key_line(os.path.join(keys, "root.pub"))
    check(f"\nold: {key_line(old_root)}\nnew: {new}\n" in text and "\nserial: 2\n" in text, text)
    check(new in said and new != key_line(old_root), said)
    minisign(os.path.join(keys, "root.pub"), os.path.join(publish, "keys-0002.txt"))
    minisign(os.path.join(keys, "root.pub"), os.path.join(publish, "keys.txt"))
    check(not [n for n in os.listdir(keys) if n.startswith(("next-", "old-"))], "what is left of it")
    return new


def pin(slot, new):
    step("the server refuses what the other key signed, and says what to do; then it is done by hand")
    refused("signed by another key", slot.publish)
    slot.stop()
    shutil.copy(os.path.join(slot.desk.keys, "root.pub"), os.path.join(slot.folder, "root.pub"))
    for verb in (slot.publish, lambda: slot.sealslotd("status")):
        refused("minisign -V -p OLD/root.pub", verb)
        refused(f"{slot.store}/state", verb)
    # As the manual has it.
    subprocess.run(["sed", "-i", f"s|^root: .*|root: {new}|", os.path.join(slot.store, "state")], check=True)
    slot.publish()
    slot.start()
    check(f"\nserial: 2\n" in slot.get("/keys").text, "the schedule that is served")
    check(new in slot.get("/fingerprints").text, "the fingerprint page")
    look_back(slot)


def look_back(slot):
    step("check: what the older root key signed is noted; changed, or behind the new one, it is a problem")

    def findings(status):
        told = json.loads(slot.sealslotd("check", "--json", status=status).stdout)
        return told["problems"], told["notices"]

    problems, notices = findings(0)
    check(not problems and any("before 2 are of an older root key" in n for n in notices), str(notices))
    first = os.path.join(slot.store, "keys", "keys-0001.txt")
    with open(first, "rb") as f:
        whole = f.read()
    owner = os.stat(first)
    for spoilt in (whole.replace(b"Investigations desk", b"Investigations dusk"), whole[:-1]):
        check(spoilt != whole, "nothing was changed")
        rewrite(first, spoilt, owner)
        problems, notices = findings(3)
        check(len(problems) == 1 and "chedule" in problems[0] and "older root" not in str(notices), str(problems))
    rewrite(first, whole, owner)
    # The pin of somebody else: then the newest schedule is not the root key's.
    for name in (".txt", ".txt.minisig"):
        os.rename(os.path.join(slot.store, "keys", "keys-0002" + name), os.path.join(slot.folder, "aside" + name))
    problems, _ = findings(3)
    check(any("Schedule 1 doesn't verify under the root key" in p for p in problems), str(problems))
    for name in (".txt", ".txt.minisig"):
        os.rename(os.path.join(slot.folder, "aside" + name), os.path.join(slot.store, "keys", "keys-0002" + name))
    check(not findings(0)[0], "it isn't well again")


def rewrite(path, content, owner):
    os.unlink(path)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
        f.write(content)
    os.chmod(path, owner.st_mode & 0o7777)
    if os.getuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)


def carry(slot, name):
    bundle = os.path.join(slot.folder, name)
    slot.sealslotd("export", bundle)
    return slot.desk.review("import", bundle).stdout


def copies_and_backups(slot, copy, old_backup, vault, stale):
    step("a copy is brought up to date, and its vault takes what the new root signed")
    keys, first = slot.desk.keys, slot.passphrase[1]
    slot.desk.key_tool("reviewer-copy", copy, "--copy-passphrase-file", first)
    slot.desk.review("list")
    bundle = os.path.join(slot.folder, "two.tar")
    slot.run("client/sealslot-review", "import", vault, bundle, *slot.passphrase)
    said = slot.run("client/sealslot-review", "alarms", vault, *slot.passphrase).stdout
    check("never an alarm" in said, said)

    step("a backup from before new-root: refused with the way that works, then that way")
    restored, downloads = os.path.join(slot.folder, "restored"), os.path.join(slot.folder, "downloads")
    shutil.copytree(os.path.join(keys, "publish"), downloads)
    schedule = os.path.join(downloads, "keys.txt")
    os.mkdir(os.path.join(downloads, "root-folder"))
    for name in ("root-password.txt", "root-0002.txt.bak", "root-2.txt"):
        with open(os.path.join(downloads, name), "w", encoding="ascii") as f:
            f.write("nobody else's business\n")
    restore = ["keys/sealslot-keys", "restore", old_backup, restored, "--schedule", schedule]
    refused("add --root and the new root.pub", lambda: slot.run(*restore, *slot.passphrase))
    check(not os.path.exists(restored), "a half made key store")
    said = slot.run(*restore, "--root", os.path.join(keys, "root.pub"), *slot.passphrase).stdout
    check("can't sign schedules" in said, said)
    check(not os.path.exists(os.path.join(restored, "root.age")), "the old root key came back")
    carried = sorted(n for n in os.listdir(os.path.join(restored, "publish")) if n.startswith("root-"))
    check(carried == ["root-0002.txt", "root-0002.txt.minisig"], f"what is for the server: {carried}")
    check(key_line(os.path.join(restored, "root.pub")) == key_line(os.path.join(keys, "root.pub")), "root.pub")
    check("no root key" in slot.run("keys/sealslot-keys", "show", restored).stdout, "show")
    refused("no root key", lambda: slot.run("keys/sealslot-keys", "schedule", restored, "--epochs", "9",
                                            *slot.passphrase))
    # A vault that still knows the old root key follows the statements.
    item = json.loads(slot.run("client/sealslot-review", "list", stale, "--json", "--keys", restored,
                               *slot.passphrase).stdout)["items"][0]["id"]
    slot.run("client/sealslot-review", "show", stale, item, "--keys", restored, *slot.passphrase)


def several_statements(slot, base, vault):
    step("statements that were never carried out lie beside the one that was: the vault follows that one")
    line, left = slot.desk.keys + ".line", []
    shutil.copytree(base, line)
    for serial in range(2, 8):
        other = f"{line}.{serial}"
        shutil.copytree(line, other)
        slot.run("keys/sealslot-keys", "new-root", other, *slot.passphrase)
        left += [os.path.join(other, "publish", f"root-{serial:04}.txt{end}") for end in ("", ".minisig")]
        slot.run("keys/sealslot-keys", "schedule", line, "--epochs", str(serial + 2), *slot.passphrase)
    slot.run("keys/sealslot-keys", "new-root", line, *slot.passphrase)
    for path in left:
        shutil.copy(path, os.path.join(line, "publish"))
    statements = [n for n in os.listdir(os.path.join(line, "publish")) if n.startswith("root-")]
    check(len(statements) == 14, str(statements))
    slot.run("client/sealslot-review", "list", vault, "--keys", line, *slot.passphrase)


def killed(slot):
    step("killed at every step, then run again: one statement, one new key")
    keys, fresh = slot.desk.keys, slot.desk.keys + ".fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    slot.run("tests/interop/cheap_unlock", keys, slot.passphrase[1])
    shutil.copytree(keys, fresh)
    old_root = os.path.join(slot.folder, "old-root.pub")
    shutil.copy(os.path.join(keys, "root.pub"), old_root)
    steps = 0
    for call in ("write", "fsync", "linkat", "renameat", "renameat2", "rename", "unlinkat"):
        nth = 0
        while True:
            nth += 1
            shutil.rmtree(keys)
            shutil.copytree(fresh, keys)
            done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                   f"inject={call}:signal=KILL:when={nth}",
                                   os.path.join(slot.build, "keys/sealslot-keys"), "new-root", keys, *slot.passphrase],
                                  capture_output=True, check=False, env=UNDER_STRACE)
            if done.returncode == 0:
                break
            check(done.returncode in (137, -9), f"{call} {nth}: {done.returncode} {done.stderr}")
            steps += 1
            # Killed after its last step it is through, and must not be begun again.
            left = [n for n in os.listdir(keys) if n in ("next-root.age", "old-root.age")]
            if left or key_line(os.path.join(keys, "root.pub")) == key_line(old_root):
                slot.desk.key_tool("new-root")
            publish = os.path.join(keys, "publish")
            statements = sorted(n for n in os.listdir(publish) if re.fullmatch(r"root-\d+\.txt", n))
            check(statements == ["root-0002.txt", "root-0003.txt"], f"{call} {nth}: {statements}")
            minisign(old_root, os.path.join(publish, "root-0003.txt"))
            minisign(os.path.join(keys, "root.pub"), os.path.join(publish, "keys.txt"))
            slot.desk.key_tool("schedule", "--epochs", "4")
            minisign(os.path.join(keys, "root.pub"), os.path.join(publish, "keys.txt"))
    check(steps > 15, f"only {steps} steps were tried")
    print(steps, "steps")


def main():
    with Slot(sys.argv[1]) as slot:
        slot.make_keys("--epochs", "3")
        slot.run("tests/interop/cheap_unlock", slot.desk.keys, slot.passphrase[1])
        slot.write_conf()
        slot.sealslotd("init")
        slot.publish()
        slot.start()
        slot.desk.review("init", "--keys", slot.desk.keys)
        slot.upload("under the old root")
        carry(slot, "one.tar")
        old_root = os.path.join(slot.folder, "the-old-root.pub")
        shutil.copy(os.path.join(slot.desk.keys, "root.pub"), old_root)
        thief = slot.desk.keys + ".stolen"
        shutil.copytree(slot.desk.keys, thief)
        copy, vault = slot.desk.keys + ".copy", os.path.join(slot.folder, "copy-vault")
        slot.desk.key_tool("reviewer-copy", copy, "--copy-passphrase-file", slot.passphrase[1])
        slot.run("tests/interop/cheap_unlock", copy, slot.passphrase[1])
        slot.run("client/sealslot-review", "init", vault, "--keys", copy, *slot.passphrase)
        slot.run("client/sealslot-review", "import", vault, os.path.join(slot.folder, "one.tar"), *slot.passphrase)
        old_backup = os.path.join(slot.folder, "old-backup")
        slot.desk.key_tool("backup", old_backup)
        stale = slot.desk.vault + ".stale"
        shutil.copytree(slot.desk.vault, stale)
        stale_too = stale + ".too"
        shutil.copytree(stale, stale_too)
        several_statements(slot, thief, stale_too)
        new = hand_over(slot, old_root)

        step("the vault follows, and opens what both have signed")
        slot.desk.review("list")
        pin(slot, new)
        slot.upload("under the new root")
        said = carry(slot, "two.tar")
        items = slot.desk.items()
        check(len(items) == 2 and all(i["flags"] == [] for i in items), str(items))
        check({i["schedule"] for i in items} == {1, 2}, str(items))
        check("never an alarm" in slot.desk.review("alarms").stdout, said)
        copies_and_backups(slot, copy, old_backup, vault, stale)

        step("the old key signs no more schedules")
        slot.run("keys/sealslot-keys", "schedule", thief, "--epochs", "9", *slot.passphrase)
        refused("signed by another key", lambda: slot.sealslotd("publish", os.path.join(thief, "publish", "keys.txt")))

        step("a vault whose key store brings a root key without a statement takes nothing")
        other = os.path.join(slot.folder, "other")
        slot.run("keys/sealslot-keys", "init", other, "--instance", slot.instance, *slot.passphrase)
        shutil.copy(os.path.join(slot.desk.keys, "root.pub"), os.path.join(slot.folder, "aside"))
        shutil.copy(os.path.join(other, "root.pub"), os.path.join(slot.desk.keys, "root.pub"))
        refused("isn't the one that this vault was made for", lambda: slot.desk.review("list"))
        shutil.copy(os.path.join(slot.folder, "aside"), os.path.join(slot.desk.keys, "root.pub"))

        slot.run("keys/sealslot-keys", "init", os.path.join(slot.folder, "bare"), "--instance", slot.instance,
                 *slot.passphrase)
        refused("nothing to hand over", lambda: slot.run("keys/sealslot-keys", "new-root",
                                                         os.path.join(slot.folder, "bare"), *slot.passphrase))
        killed(slot)
    print("ok")


main()
