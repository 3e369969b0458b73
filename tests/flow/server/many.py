"""More submissions than one list takes: check, repair, backup and restore go through them a page at a time, in little memory."""
# time limit: 240

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import Slot  # noqa: E402

LIMITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../keys/base/limits.h")
MEMORY = 32 << 20  # bytes that a check may take
CONTENT = b"not a submission"


def limit(name):
    with open(LIMITS, encoding="ascii") as f:
        return int(re.search(rf"#define {name} +(\d+)", f.read())[1])


MANY = limit("LIMIT_BUNDLE_ITEMS") + 100


def in_memory():
    """So many files are made and removed faster where no disk has to hear of them."""
    if os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > 4 << 30:
        tempfile.tempdir = "/dev/shm"


@contextlib.contextmanager
def index(slot):
    db = sqlite3.connect(os.path.join(slot.store, "index.db"), isolation_level=None)
    yield db
    db.close()


def path_of(slot, id_):
    return os.path.join(slot.store, "items", id_.hex() + ".age")


def fill(slot):
    """Rows and small files, as if they had come today; gives their ids."""
    today = int(time.time()) // 86400
    ids = sorted(os.urandom(16) for _ in range(MANY))
    st = os.stat(slot.store)
    for id_ in ids:
        fd = os.open(path_of(slot, id_), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        os.write(fd, CONTENT)
        os.fchown(fd, st.st_uid, st.st_gid)
        os.utime(fd, (today * 86400, today * 86400))
        os.close(fd)
    with index(slot) as db:
        db.execute("BEGIN")
        db.executemany("INSERT INTO items VALUES(?,?,'tips',31,1,?)", ((id_, today, len(CONTENT)) for id_ in ids))
        db.execute("COMMIT")
    return ids


def check(slot, *args, status=0):
    return slot.sealslotd("check", *args, status=status).stdout


def peak(pid):
    """Bytes of memory that a process has had at most; 0: it has none any more."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return sum(int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM:"))


def in_little_memory(slot):
    said = os.path.join(slot.folder, "said")
    took = 0
    with open(said, "wb") as f:
        p = subprocess.Popen([os.path.join(slot.build, "server/sealslotd"), "check", "--conf", slot.conf], stdout=f)
        while p.poll() is None:
            took = max(took, peak(p.pid))
            time.sleep(0.01)
    with open(said, encoding="utf-8") as f:
        assert (p.returncode, f.read()) == (0, f"{MANY} submissions, 0 read: all is well.\n")
    assert 0 < took < MEMORY, f"check took {took} bytes"


def repaired(slot, ids):
    """The first and the last, and at the borders of pages and windows."""
    page, window = limit("LIMIT_ROWS_PAGE"), limit("LIMIT_BUNDLE_ITEMS")
    gone = [ids[n] for n in (0, page - 1, page, 3 * page + 7, window - 1, window, MANY - 1)]
    for id_ in gone:
        os.unlink(path_of(slot, id_))
    lost = [ids[n] for n in (1, page - 2, page + 1, 5 * page, window - 2, window + 1, MANY - 2)]
    with index(slot) as db:
        db.executemany("DELETE FROM items WHERE id=?", ((id_,) for id_ in lost))
    told = check(slot, status=3)
    for id_ in gone:
        assert f"The file of submission {id_.hex()} is missing" in told, told
    for id_ in lost:
        assert f"The index doesn't know submission {id_.hex()}" in told, told
    assert f"{MANY - len(lost)} submissions, 0 read: {len(gone) + len(lost)} problems." in told, told
    told = check(slot, "--repair")
    assert f"{len(lost)} submissions that the index didn't know have a row again" in told, told
    assert f"{len(gone)} items of the above were mended" in told, told
    return MANY - len(gone)


def backed_up(slot, count):
    """Beside a running server."""
    out = os.path.join(slot.folder, "backup.tar")
    slot.start()
    told = slot.sealslotd("backup", out).stderr
    assert f"{count} submissions" in told, told
    assert check(slot) == f"{count} submissions, 0 read: all is well.\n"
    slot.stop()
    os.rename(slot.store, slot.store + ".dead")
    told = slot.sealslotd("restore", out).stdout
    assert f"{count} submissions" in told, told
    assert slot.stored() and check(slot) == f"{count} submissions, 0 read: all is well.\n"


def too_many(slot):
    """One backup takes a million; who has more is told what to do, and nothing is written."""
    out = os.path.join(slot.folder, "more.tar")
    with index(slot) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<=?)"
                   " INSERT INTO items SELECT CAST(printf('%016d', i) AS BLOB),?,'tips',31,1,1000 FROM n", (limit("LIMIT_BACKUP_ITEMS"), int(time.time()) // 86400))
    told = slot.sealslotd("backup", out, status=1).stderr
    assert "nothing was written" in told and "copy its whole folder" in told, told
    assert not os.path.exists(out)


def main():
    in_memory()
    with Slot(sys.argv[1]) as slot:
        slot.prepare()
        ids = fill(slot)
        in_little_memory(slot)
        count = repaired(slot, ids)
        backed_up(slot, count)
        too_many(slot)


main()
