"""All that travels does so on a real exFAT stick: no modes, no links, no unnamed files, no rename that refuses to overwrite (exfat-fuse).

And what can't live there is refused with words that tell what to do, and leaves nothing.
"""

# builds: release

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from letters import Source, replies  # noqa: E402
from mounts import Disk  # noqa: E402
from slot import Desk, File, Slot  # noqa: E402

CONTENT = os.urandom(300_000)


def schedule_travels(slot, stick):
    """As docs/year.md has it: the whole folder publish."""
    shutil.copytree(slot.desk.keys + "/publish", stick + "/publish")
    assert "Schedule 1 is active" in slot.sealslotd("publish", stick + "/publish/keys.txt").stdout


def submission_travels(slot, stick):
    bundle = stick + "/bundle.tar"
    slot.sealslotd("export", bundle)
    assert "nothing is overwritten" in slot.sealslotd("export", bundle, status=1).stderr
    slot.desk.review("init", "--keys", slot.desk.keys)
    assert "1 new" in slot.desk.review("import", bundle).stdout
    (item,) = slot.desk.items()
    return item["id"]


def files_are_extracted(slot, stick, item):
    """To hand them on: a stick is where they often go."""
    to = stick + "/out"
    slot.desk.review("extract", item, "--to", to)
    with open(to + "/001-plan.pdf", "rb") as f:
        assert f.read() == CONTENT
    assert sorted(os.listdir(to)) == ["001-plan.pdf", "manifest.json", "message.txt"]
    before = [os.stat(os.path.join(to, name)).st_mtime_ns for name in sorted(os.listdir(to))]
    assert "Nothing was extracted" in slot.desk.review("extract", item, "--to", to, status=1).stderr
    assert [os.stat(os.path.join(to, name)).st_mtime_ns for name in sorted(os.listdir(to))] == before, "something was overwritten"


def answer_travels(slot, stick, source, item):
    text = os.path.join(slot.folder, "text")
    with open(text, "w", encoding="utf-8") as f:
        f.write("Merci !")
    slot.desk.review("reply", item, "--message-file", text)
    assert "1 reply" in slot.desk.review("outbox", stick + "/answers.tar").stdout
    slot.sealslotd("import", stick + "/answers.tar")
    assert [source.read(sealed) for sealed in replies(slot, source)] == ["Merci !"]
    slot.desk.review("reply", item, "--message-file", text)
    assert "ever overwritten" in slot.desk.review("outbox", stick + "/answers.tar", status=1).stderr
    slot.desk.review("outbox", stick + "/answers-2.tar")
    slot.sealslotd("import", stick + "/answers-2.tar")
    assert [source.read(sealed) for sealed in replies(slot, source)] == ["Merci !"] * 2


def backups_travel(slot, stick):
    desk = slot.desk
    desk.key_tool("backup", stick + "/keys.backup")
    assert "exists already" in desk.key_tool("backup", stick + "/keys.backup", status=1).stderr
    slot.run("keys/sealslot-keys", "restore", stick + "/keys.backup", slot.folder + "/restored-keys", *slot.passphrase)
    assert sorted(os.listdir(slot.folder + "/restored-keys/epochs")) == sorted(os.listdir(desk.keys + "/epochs"))
    desk.review("backup", stick + "/vault.backup")
    back = Desk(slot, "back")
    back.review("restore", stick + "/vault.backup", "--keys", desk.keys)
    assert back.items()[0]["id"] == desk.items()[0]["id"]
    slot.sealslotd("backup", stick + "/server.backup")


def cannot_live_there(slot, stick):
    """A key store and a vault are closed to others, which exFAT can't do."""
    before = sorted(os.listdir(stick))
    vault = Desk(slot, "elsewhere")
    vault.vault = stick + "/vault"
    for done in (slot.run("keys/sealslot-keys", "init", stick + "/KEYS", "--instance", slot.instance, *slot.passphrase, status=1),
                 slot.run("keys/sealslot-keys", "restore", stick + "/keys.backup", stick + "/KEYS", *slot.passphrase, status=1),
                 slot.run("keys/sealslot-keys", "reviewer-copy", slot.desk.keys, stick + "/KEYS", *slot.passphrase,
                          "--copy-passphrase-file", slot.passphrase[1], status=1),
                 vault.review("init", "--keys", slot.desk.keys, status=1),
                 vault.review("restore", stick + "/vault.backup", "--keys", slot.desk.keys, status=1)):
        assert "exFAT can't keep one" in done.stderr and "ext4" in done.stderr, done.stderr
    assert sorted(os.listdir(stick)) == before, "a refusal left something"


def main():
    source = Source()
    with Slot(sys.argv[1]) as slot:
        with Disk(os.path.join(slot.folder, "stick"), 64, ["mkfs.exfat"], "mount.exfat-fuse") as stick:
            slot.make_keys()
            slot.write_conf()
            slot.sealslotd("init")
            schedule_travels(slot, stick)
            item = source.plant(slot, "Bonjour", [File("plan.pdf", CONTENT)])
            slot.start()
            assert submission_travels(slot, stick) == item
            files_are_extracted(slot, stick, item)
            answer_travels(slot, stick, source, item)
            backups_travel(slot, stick)
            cannot_live_there(slot, stick)
    print("schedule, submission, files, answers and backups crossed exFAT; key store and vault were refused there")


main()
