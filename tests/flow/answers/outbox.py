"""Replies wait, go out once, survive a full medium; receipts are given only for what a backup has."""
# time limit: 240

import os
import subprocess
import sys
import tarfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from letters import Source, index_of, members
from mounts import may_mount, skip
from slot import Desk, Slot


def text_file(slot, name, content):
    path = os.path.join(slot.folder, name)
    with open(path, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    return path


def refused(says, result):
    assert says in result.stderr, (says, result.stderr)


def on_a_full_medium(slot):
    small = os.path.join(slot.folder, "small")
    os.mkdir(small)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "none", small], check=True)
    try:
        refused("Nothing is lost", slot.desk.review("outbox", small + "/a.tar", status=1))
        assert os.listdir(small) == []
    finally:
        subprocess.run(["umount", small], check=True)


def main():
    has_medium = may_mount()
    with Slot(sys.argv[1]) as slot:
        desk = slot.desk
        slot.make_keys("--from", past(9))
        slot.write_conf()
        slot.sealslotd("init")
        slot.publish()
        alice, bob, mute = Source(), Source(), Source()
        first = alice.plant(slot, "I am Alice", days_ago=2)
        second = bob.plant(slot, "I am Bob", days_ago=1)
        silent = mute.plant(slot, "no codename", days_ago=1, answerable=False)
        today = bob.plant(slot, "of today")
        items = slot.carry()
        assert {i["id"] for i in items} == {first, second, silent, today}, items
        assert not any(i["flags"] for i in items), items

        print("what can't be a reply")
        text = text_file(slot, "text", "Thank you, Zoë.\nSend more.\n")
        refused("left no codename", desk.review("reply", silent, "--message-file", text, status=1))
        for name, content, says in (("long", b"x" * 57281, "too long"), ("latin1", b"caf\xe9", "isn't UTF-8"),
                                    ("empty", b"", "is empty")):
            path = text_file(slot, name, content)
            refused(says, desk.review("reply", first, "--message-file", path, status=1))
        refused("No such file", desk.review("reply", first, "--message-file", slot.folder + "/none", status=1))
        refused("plain file", desk.review("reply", first, "--message-file", slot.folder, status=1))
        refused("--message-file", desk.review("reply", first, status=2))
        refused("no submission", desk.review("reply", "00000000", "--message-file", text, status=1))
        nothing = desk.review("outbox", slot.folder + "/none.tar").stdout
        assert "Nothing is waiting" in nothing and "--again" in nothing, nothing
        assert not os.path.exists(slot.folder + "/none.tar")

        print("a reply waits")
        desk.review("reply", first, "--message-file", text)
        desk.review("reply", second, "--message-file", text_file(slot, "most", b"y" * 57280))
        listed = desk.review("outbox").stdout
        assert "2 replies and 0 receipts wait" in listed and "no backup of the vault has them" in listed, listed
        assert b"Thank you" not in b"".join(open(os.path.join(d, f), "rb").read()
                                            for d, _, names in os.walk(desk.vault) for f in names)

        print("a medium that is full loses nothing")
        if has_medium:
            on_a_full_medium(slot)
        else:  # at least one that can't be written
            refused("Nothing is lost", desk.review("outbox", "/dev/full/a.tar", status=1))
        assert "was begun" in desk.review("outbox").stdout
        desk.review("reply", first, "--message-file", text_file(slot, "later", "a second one"))
        out = os.path.join(slot.folder, "answers-1.tar")
        assert "2 replies, 0 receipts" in desk.review("outbox", out).stdout
        lines = index_of(out)
        assert lines[0] == "sealslot-answers 1" and "serial: 1" in lines and "count: 2 0" in lines, lines
        with tarfile.open(out) as tar:
            sealed = {m.name: tar.extractfile(m).read() for m in tar if m.name.endswith(".reply")}
        by_box = {line.split()[1]: sealed[line.split()[2] + ".reply"] for line in lines if line.startswith("reply: ")}
        assert alice.read(by_box[alice.mailbox]) == "Thank you, Zoë.\nSend more.\n"
        assert bob.read(by_box[bob.mailbox]) == "y" * 57280
        os.mkdir(os.path.join(slot.folder, "out"))
        subprocess.run(["tar", "-xf", out, "-C", os.path.join(slot.folder, "out")], check=True)
        key = open(os.path.join(desk.keys, "reply.pub"), encoding="ascii").read().split()[-1]
        done = subprocess.run(["minisign", "-V", "-P", key, "-m", slot.folder + "/out/index.txt"], capture_output=True,
                              text=True, check=True)
        assert f"sealslot-answers serial:1 instance:{slot.instance}" in done.stdout, done.stdout

        print("nothing is sent twice, unless somebody asks for it")
        refused("nothing is ever overwritten", desk.review("outbox", out, status=1))
        assert "1 reply, 0 receipts" in desk.review("outbox", slot.folder + "/answers-2.tar").stdout
        assert "Nothing is waiting" in desk.review("outbox", slot.folder + "/answers-3.tar").stdout
        assert "1 reply and 0 receipts" in desk.review("outbox", "--again", "2").stdout
        refused("made no answer bundle 9", desk.review("outbox", "--again", "9", status=1))
        again = slot.folder + "/answers-3.tar"
        desk.review("outbox", again, "--after", "40")
        assert "serial: 41" in index_of(again), index_of(again)
        refused("the number of an answer bundle", desk.review("outbox", "--again", "x", status=2))

        print("a begun bundle that the server would refuse is given up, not made again")
        desk.review("reply", first, "--message-file", text_file(slot, "later", "a third one"))
        refused("Nothing is lost", desk.review("outbox", "/dev/full/a.tar", status=1))
        assert "Answer bundle 42 was begun" in desk.review("outbox").stdout
        renewed = slot.folder + "/answers-renewed.tar"
        said = desk.review("outbox", renewed, "--again", "42", "--after", "46").stdout
        assert "Answer bundle 42 was begun, and is given up" in said, said
        assert "Answer bundle 47 is written: 1 reply, 0 receipts" in said, said
        assert {"serial: 47", "count: 1 0"} <= set(index_of(renewed)), index_of(renewed)
        said = desk.review("outbox").stdout
        assert "0 replies and 0 receipts" in said and "was begun" not in said, said

        print("receipts: for days that are over, and for what a backup has")
        backup = os.path.join(slot.folder, "vault.backup")
        refused("nothing is ever overwritten", desk.review("backup", out, status=1))
        refused("not found", desk.review("backup", slot.folder + "/none/b", status=1))
        assert "4 submissions" in desk.review("backup", backup).stdout
        listed = desk.review("outbox").stdout
        assert "0 replies and 3 receipts" in listed and "1 submission of the last day" in listed, listed
        fourth = slot.folder + "/answers-4.tar"
        desk.review("outbox", fourth)
        receipts = [line.split()[1] for line in index_of(fourth) if line.startswith("received: ")]
        assert receipts == sorted([first, second, silent]), receipts
        assert members(fourth) == ["index.txt", "index.txt.minisig"], members(fourth)

        print("the backup opens with stock tools, and becomes a vault again")
        with open(slot.folder + "/passphrase", encoding="ascii") as f:
            passphrase = f.read()
        stock = f"age -d -i {slot.folder}/id {backup} | tar -xC {slot.folder}/stock"
        open_unlock(desk, slot, passphrase)
        os.mkdir(slot.folder + "/stock")
        subprocess.run(["sh", "-c", stock], check=True)
        assert len(os.listdir(slot.folder + "/stock/items")) == 4
        back = Desk(slot, "back")
        back.keys = desk.keys
        refused("--keys", back.review("restore", backup, status=2))
        for at in (0, 100, 200, 70000, os.path.getsize(backup) - 1):
            with open(backup, "rb") as f:
                data = f.read()
            cut = text_file(slot, "cut", data[:at])
            refused("Nothing was restored", back.review("restore", cut, "--keys", desk.keys, status=1))
            assert not os.path.exists(back.vault)
        for at in (300, 70000, len(data) // 2, len(data) - 20):
            changed = text_file(slot, "cut", data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            refused("Nothing was restored", back.review("restore", changed, "--keys", desk.keys, status=1))
            assert not os.path.exists(back.vault)
        assert "4 submissions" in back.review("restore", backup, "--keys", desk.keys).stdout
        assert back.items() == desk.items()
        back.review("verify")
        refused("something in it already", back.review("restore", backup, "--keys", desk.keys, status=1))
        refused("made with another key store", Desk(slot, "other").review(
            "restore", backup, "--keys", other_keys(slot), status=1))

        print("an item that changed in the vault gets no receipt")
        with open(os.path.join(back.vault, "items", today + ".age"), "r+b") as f:
            f.seek(5000)
            f.write(b"changed")
        done = back.review("backup", slot.folder + "/second.backup", status=1)
        assert today in done.stderr and "no receipt" in done.stderr and "has 4 submissions" in done.stdout, done
    if not has_medium:
        skip("only the full medium")


def past(days):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - days * 86400))


def open_unlock(desk, slot, passphrase):
    """unlock.age is under the passphrase: stock age asks for it on a terminal."""
    script = (f'log_user 0; set timeout 60; spawn sh -c "age -d -o {slot.folder}/id {desk.keys}/unlock.age"; '
              f'expect "passphrase"; send "{passphrase.strip()}\\r"; expect eof; '
              "lassign [wait] a b c status; exit $status")
    subprocess.run(["expect", "-c", script], check=True, stdin=subprocess.DEVNULL)


def other_keys(slot):
    other = Desk(slot, "stranger")
    other.key_tool("init", "--instance", slot.instance)
    return other.keys


if __name__ == "__main__":
    main()
