"""sealslotd check: finds what was done to a store behind its back, and mends what can be mended; nothing is deleted."""
# time limit: 180
# builds: release sanitize

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import File, Slot  # noqa: E402

WELL, FAILED, PROBLEMS = 0, 1, 3


def check(slot, *args, status=WELL):
    return json.loads(slot.sealslotd("check", "--json", *args, status=status).stdout)


def assert_finds(slot, *words, args=()):
    """Each word stands in a problem of its own, and there are no others."""
    problems = check(slot, *args, status=PROBLEMS)["problems"]
    assert len(problems) == len(words), problems
    for word in words:
        assert sum(word in p for p in problems) == 1, (word, problems)


def assert_well(slot, items):
    told = check(slot)
    assert told["items"] == items and told["problem_count"] == 0 and not told["problems"], told
    return told


def owned(slot, path):
    if os.getuid() == 0:
        st = os.stat(slot.store)
        os.chown(path, st.st_uid, st.st_gid)


@contextlib.contextmanager
def index(slot):
    path = os.path.join(slot.store, "index.db")
    db = sqlite3.connect(path, isolation_level=None)
    yield db
    db.close()


def item(slot, n):
    return os.path.join(slot.store, "items", slot.stored()[n])


def put_back(slot, kept, path):
    shutil.copy2(kept, path)
    owned(slot, path)


def a_healthy_store(slot):
    for i in range(6):
        assert slot.upload(f"message {i}", [File(f"{i}.bin", os.urandom(3000 * i))]).status == 200
    told = assert_well(slot, 6)
    assert told["serving"] and told["read"] == 0  # of today no hash is kept
    text = slot.sealslotd("check").stdout
    assert text == "6 submissions, 0 read: all is well.\n", text
    refused = slot.sealslotd("check", "--repair", status=FAILED).stderr
    assert "end it, then repair" in refused, refused
    slot.stop()
    assert not assert_well(slot, 6)["serving"]
    assert check(slot, "--repair")["repaired"] == []


def remember_hashes(slot):
    """As after a settle."""
    with index(slot) as db:
        for name in slot.stored():
            with open(os.path.join(slot.store, "items", name), "rb") as f:
                h = hashlib.blake2b(f.read(), digest_size=32).digest()
            db.execute("INSERT INTO hashes VALUES(?,?)", (bytes.fromhex(name[:32]), h))
    assert assert_well(slot, 6)["read"] == 6
    assert check(slot, "--quick")["read"] == 0


def a_missing_file(slot):
    path = item(slot, 0)
    kept = os.path.join(slot.folder, "kept.age")
    shutil.copy2(path, kept)
    os.unlink(path)
    assert_finds(slot, "is missing")
    told = check(slot, "--repair")
    assert len(told["repaired"]) == 2 and told["items"] == 5, told
    assert_well(slot, 5)
    put_back(slot, kept, path)
    assert_finds(slot, "doesn't know")
    assert check(slot, "--repair")["items"] == 6
    assert_well(slot, 6)


def a_changed_file(slot):
    path = item(slot, 1)
    kept = os.path.join(slot.folder, "kept.age")
    shutil.copy2(path, kept)
    os.chmod(path, 0o600)
    with open(path, "r+b") as f:
        f.seek(1000)
        f.write(b"!" * 8)
    os.utime(path, ns=(0, os.stat(kept).st_mtime_ns))
    assert_finds(slot, "was changed or damaged", "has mode 0600")
    assert_finds(slot, "has mode 0600", args=["--quick"])
    out = os.path.join(slot.folder, "refused.tar")
    refused = slot.sealslotd("export", out, status=FAILED).stderr
    assert f"Submission {slot.stored()[1][:32]} was changed or damaged" in refused and "then export again" in refused, refused
    assert not os.path.exists(out), "a bundle with a damaged submission was left"
    with open(path, "ab") as f:
        f.write(b"more")
    assert_finds(slot, "bytes, but came with", "has a time of day")
    told = check(slot, "--repair")
    assert told["items"] == 5 and any("set aside" in n for n in told["notices"]), told
    assert os.path.exists(path[:-4] + ".damaged") and not os.path.exists(path)
    os.unlink(path[:-4] + ".damaged")
    put_back(slot, kept, path)
    assert check(slot, "--repair")["items"] == 6
    assert_well(slot, 6)


def a_wrong_mode(slot):
    os.chmod(item(slot, 2), 0o444)
    assert_finds(slot, "has mode 0444")
    check(slot, "--repair")
    assert os.stat(item(slot, 2)).st_mode & 0o777 == 0o400
    assert_well(slot, 6)


def strange_names(slot):
    links = [os.path.join(slot.store, "items", "cd" * 16 + ".age"), os.path.join(slot.store, "foreign")]
    third = item(slot, 3)
    os.symlink("/etc/passwd", links[0])
    os.link(third, links[1])
    assert_finds(slot, "cdcd.age must be a file", "foreign in the store's folder",
                 f"{os.path.basename(third)} must be a file")
    for link in links:
        os.unlink(link)
    os.chmod(os.path.join(slot.store, "transfer.pub"), 0o644)
    assert_finds(slot, "transfer.pub belongs to")
    os.chmod(os.path.join(slot.store, "transfer.pub"), 0o600)
    assert_well(slot, 6)


def keys(slot):
    for name in ("keys/keys-0001.txt", "transfer.pub"):
        path = os.path.join(slot.store, name)
        with open(path, "rb") as f:
            kept = f.read()
        with open(path, "wb") as f:
            f.write(kept.replace(b"Investigations", b"investigations") if b"Investig" in kept else
                    kept[:-8] + b"AAAAAA=\n")
        told = check(slot, status=PROBLEMS)
        word = "Schedule 1 doesn't verify" if "keys" in name else "don't belong together"
        assert any(word in p for p in told["problems"]), told
        with open(path, "wb") as f:
            f.write(kept)
    assert_well(slot, 6)


def a_damaged_index(slot):
    path = os.path.join(slot.store, "index.db")
    with open(path, "r+b") as f:  # the leaf with the rows
        f.seek(4096)
        f.write(bytes(4096))
    assert_finds(slot, "The index is damaged")
    started = slot.sealslotd("status", status=FAILED).stderr
    assert "check --repair" in started, started
    told = check(slot, "--repair")
    assert told["items"] == 6 and "kept" in told["repaired"][0], told
    assert os.path.exists(path + ".damaged-1")
    assert "may tell the order" in assert_well(slot, 6)["notices"][0]
    os.unlink(path + ".damaged-1")


def no_database_at_all(slot):
    path = os.path.join(slot.store, "index.db")
    with open(path, "wb") as f:
        f.write(b"This was a database. " * 1000)
    owned(slot, path)
    assert_finds(slot, "The index is damaged")
    assert check(slot, "--repair")["items"] == 6
    os.unlink(path + ".damaged-1")
    os.unlink(path)
    assert_finds(slot, "The index is lost")
    assert not os.path.exists(path), "a check changed something"
    assert check(slot, "--repair")["items"] == 6
    assert_well(slot, 6)


def a_newer_index(slot):
    for version, word in ((1000, "newer sealslotd"), (0, "isn't an index of sealslotd")):
        with index(slot) as db:
            old = db.execute("PRAGMA user_version").fetchone()[0]
            db.execute(f"PRAGMA user_version={version}")
        for args in ((), ("--repair",)):
            refused = slot.sealslotd("check", *args, status=FAILED).stderr
            assert word in refused, refused
        with index(slot) as db:
            db.execute(f"PRAGMA user_version={old}")
    assert_well(slot, 6)


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        for part in (a_healthy_store, remember_hashes, a_missing_file, a_changed_file, a_wrong_mode,
                     strange_names, keys, a_damaged_index, no_database_at_all, a_newer_index):
            print(part.__name__, flush=True)
            part(slot)
        slot.start()
        assert slot.upload("one more").status == 200
        assert_well(slot, 7)
        assert len(slot.carry()) == 7, "the reviewers don't get them all"


main()
