"""The whole way of a reply; sticks that were altered; receipts that let the server delete after seven days."""
# time limit: 400
# builds: sanitize

import contextlib
import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tarfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from letters import Source, index_of, replies
from slot import Desk, Slot


class Clock:
    """The test builds' calendar, for this process's children."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "shift")
        self.set(0)
        os.chmod(self.path, 0o644)
        os.environ["SEALSLOT_TEST_CLOCK"] = self.path

    def set(self, days):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as f:
            f.write(struct.pack("=q", days * 86400))


def refused(says, result):
    assert says in result.stderr, (says, result.stdout, result.stderr)


def warnings(slot):
    return json.loads(slot.sealslotd("status", "--json", status=None).stdout)["warnings"]


def until(condition, what):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def text_file(slot, text):
    path = os.path.join(slot.folder, "text")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def unpacked(path):
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def header(like, name, size):
    """A header of our profile: another one's with name and size in it."""
    h = bytearray(like)
    h[0:100] = name.encode().ljust(100, b"\0")
    h[124:136] = b"%011o\0" % size
    h[148:156] = b" " * 8
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def packed(slot, name, content):
    """A tar archive of our profile from {name: bytes}, in this order."""
    with open(os.path.join(slot.folder, "answers.tar"), "rb") as f:
        like = f.read(512)
    path = os.path.join(slot.folder, name)
    with open(path, "wb") as f:
        for member, data in content.items():
            f.write(header(like, member, len(data)) + data + bytes(-len(data) % 512))
        f.write(bytes(1024))
    return path


def receipts(slot):
    with contextlib.closing(sqlite3.connect(f"file:{slot.store}/index.db?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM receipts").fetchone()[0]


def outbox(slot, desk, name, *args):
    path = os.path.join(slot.folder, name)
    desk.review("outbox", path, *args)
    return path


def imports(slot, path, status=0):
    return slot.sealslotd("import", path, status=status)


def named(slot):
    """How many sticks status names."""
    return sum(int(n) for w in warnings(slot) for n in re.findall(r"\((\d+) times?, last on ", w))


def refused_and_named(slot, says, path):
    before = named(slot)
    refused(says, imports(slot, path, 1))
    assert named(slot) == before + 1, (path, says, warnings(slot))


def altered(slot, good):
    """What comes on a stick that somebody has had in his hands."""
    parts = unpacked(good)
    with open(packed(slot, "same.tar", parts), "rb") as same, open(good, "rb") as f:
        assert same.read() == f.read()
    reply = next(n for n in parts if n.endswith(".reply"))

    print("cut off anywhere: nothing is taken")
    with open(good, "rb") as f:
        data = f.read()
    cut = os.path.join(slot.folder, "cut.tar")
    for at in sorted({0, 1, 511, 512, 513, 700, 1024, 1500, 2048, len(data) // 2, len(data) - 1025, len(data) - 512,
                      len(data) - 1}):
        with open(cut, "wb") as f:
            f.write(data[:at])
        refused_and_named(slot, "ends too early", cut)

    print("what doesn't belong there")
    with open(cut, "wb") as f:
        f.write(b"x" * 4096)
    refused_and_named(slot, "isn't an answer bundle", cut)
    for name in ("../evil", "extra.txt", "0" * 32 + ".age"):
        refused_and_named(slot, "isn't an answer bundle", packed(slot, "f.tar", {**parts, name: b"x"}))
    refused_and_named(slot, "isn't an answer bundle", packed(slot, "f.tar", {"index.txt": parts["index.txt"]}))

    print("a reply that was replaced")
    for changed in ({**parts, reply: parts[reply][:-1] + b"x"}, {**parts, reply: parts[reply][:-1]},
                    {n: d for n, d in parts.items() if n != reply}, {**parts, "0" * 32 + ".reply": b"x"}):
        refused_and_named(slot, "Nothing was taken", packed(slot, "f.tar", changed))
    assert any("cut off or changed" in w for w in warnings(slot)), warnings(slot)

    print("a receipt that was forged")
    lines = parts["index.txt"].decode()
    forged = lines.replace("serial: 1\n", "serial: 9\n").encode()
    refused_and_named(slot, "No desk's reply key", packed(slot, "f.tar", {**parts, "index.txt": forged}))
    stranger = os.path.join(slot.folder, "stranger")
    subprocess.run(["minisign", "-G", "-W", "-p", stranger + ".pub", "-s", stranger + ".key"], check=True,
                   capture_output=True)
    with open(stranger, "wb") as f:
        f.write(forged)
    subprocess.run(["minisign", "-S", "-H", "-s", stranger + ".key", "-m", stranger, "-t",
                    f"sealslot-answers serial:9 instance:{slot.instance}"], check=True, capture_output=True)
    with open(stranger + ".minisig", "rb") as f:
        signed = {**parts, "index.txt": forged, "index.txt.minisig": f.read()}
    refused_and_named(slot, "No desk's reply key", packed(slot, "f.tar", signed))
    refused_and_named(slot, "No desk's reply key", packed(slot, "f.tar", {**parts, "index.txt.minisig": b"x\n"}))
    assert any("no desk of this instance signed (3 times" in w for w in warnings(slot)), warnings(slot)
    refused("isn't a file", imports(slot, slot.folder, 1))
    refused("Can't open", imports(slot, slot.folder + "/none", 1))


def main():
    with Slot(sys.argv[1]) as slot:
        clock = Clock(slot.folder)
        desk, second = slot.desk, Desk(slot, "second")
        past = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 9 * 86400))
        slot.make_keys("--from", past)
        slot.share(second)
        slot.write_conf()
        slot.sealslotd("init")
        slot.publish()
        alice = Source()
        first = alice.plant(slot, "one", days_ago=2)
        other = alice.plant(slot, "two", days_ago=1)
        slot.start()
        slot.carry()
        slot.carry(second)
        desk.review("reply", first, "--message-file", text_file(slot, "Hello Alice"))
        desk.review("backup", slot.folder + "/b1")
        good = outbox(slot, desk, "answers.tar")
        assert "count: 1 2" in index_of(good), index_of(good)
        altered(slot, good)
        assert not replies(slot, alice) and len(slot.stored()) == 2
        slot.sealslotd("status", "--seen", status=3)
        assert receipts(slot) == 0, "a receipt of an altered stick was taken"

        print("the bundle as it was made, through the running server")
        done = imports(slot, good)
        assert "1 new reply, 2 receipts that match" in done.stdout, done
        assert receipts(slot) == 2, receipts(slot)
        assert [alice.read(sealed) for sealed in replies(slot, alice)] == ["Hello Alice"]
        assert "was imported before" in imports(slot, good).stdout
        assert any("once more" in w and "(1 time," in w and "status --seen" in w for w in warnings(slot)), warnings(slot)
        slot.sealslotd("status", "--seen", status=3)
        assert not warnings(slot), warnings(slot)

        print("an old one, once a newer one was taken; standard input; without a server")
        slot.stop()
        desk.review("reply", other, "--message-file", text_file(slot, "Hello again"))
        newer = outbox(slot, desk, "newer.tar")
        with open(newer, "rb") as f:
            done = subprocess.run([os.path.join(slot.build, "server/sealslotd"), "import", "--conf", slot.conf, "-"],
                                  stdin=f, capture_output=True, text=True, check=True)
        assert "1 new reply, 0 receipts" in done.stdout, done
        slot.start()
        refused_and_named(slot, "comes too late", good)
        assert any("An old answer bundle" in w for w in warnings(slot)), warnings(slot)
        slot.sealslotd("status", "--seen", status=3)

        print("one desk's receipts delete nothing, however late it is")
        clock.set(20)
        until(lambda: "jumped" not in "".join(warnings(slot)), "the clock")
        time.sleep(3)
        assert len(slot.stored()) == 2

        print("a receipt of the other desk for something else: kept, and named")
        second.review("backup", slot.folder + "/b2")
        broken = os.path.join(slot.store, "items", first + ".age")
        keep = os.path.join(slot.folder, "keep.age")
        shutil.copy2(broken, keep)
        slot.stop()
        damage(slot, broken)
        slot.start()
        done = imports(slot, outbox(slot, second, "second.tar"), 3)
        assert "1 receipt is for something else" in done.stderr and "1 receipt that match" in done.stdout.replace(
            "receipts", "receipt"), done
        assert any(first in w for w in warnings(slot)), warnings(slot)
        clock.set(26)
        time.sleep(3)
        assert len(slot.stored()) == 2, "six days"
        clock.set(27)
        until(lambda: slot.stored() == [first + ".age"], "seven days")
        assert not warnings(slot) or any(first in w for w in warnings(slot))
        assert [len(replies(slot, alice))] == [2]

        print("replies are kept for sixty days")
        slot.stop()
        for day in (50, 61):
            clock.set(day)
            slot.sealslotd("status", status=None)
            if day == 61:
                slot.start()
                until(lambda: replies(slot, alice) == [], "the replies")

        print("a desk whose reply key was listed, and is no more")
        second.review("reply", other, "--message-file", text_file(slot, "One more"))
        before = outbox(slot, second, "before.tar")
        second.review("reply", other, "--message-file", text_file(slot, "And the last"))
        after = outbox(slot, second, "after.tar")
        slot.sealslotd("import", before)
        with open(os.path.join(second.keys, "reply.pub"), encoding="ascii") as f:
            slot.desk.key_tool("revoke", "--desk", f.read().split()[-1])
        slot.publish()
        refused("No desk's reply key", imports(slot, after, 1))
        assert any("no desk of this instance signed" in w for w in warnings(slot)), warnings(slot)


def damage(slot, path):
    """Other bytes of the same length, and no hash of an earlier day in the index."""
    stat = os.stat(path)
    os.chmod(path, 0o600)
    with open(path, "r+b") as f:
        f.seek(5000)
        f.write(b"another one")
    os.chmod(path, 0o400)
    os.utime(path, (stat.st_mtime, stat.st_mtime))
    with sqlite3.connect(slot.store + "/index.db") as db:
        db.execute("DELETE FROM hashes")
    db.close()
    for name in ("index.db", "index.db-journal"):
        if os.path.exists(os.path.join(slot.store, name)):
            os.chown(os.path.join(slot.store, name), stat.st_uid, stat.st_gid)


if __name__ == "__main__":
    main()
