"""Sources with a reply address, and the way back to them, for tests that don't need the web.

    source = Source()
    item = source.plant(slot, "a message")       # while the server is down: its row is made at the next start
    slot.desk.review("reply", item, "--message-file", path)
    source.read(sealed)                          # the text of a reply that was sealed to it
"""

import contextlib
import json
import os
import re
import secrets
import sqlite3
import subprocess
import tarfile
import time

DAY = 86400


def keys_txt(slot):
    with open(os.path.join(slot.desk.keys, "publish", "keys.txt"), encoding="utf-8") as f:
        return f.read()


class Source:
    """An age identity in the place of a codename."""

    def __init__(self):
        made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True).stdout
        self.identity = re.search(r"AGE-SECRET-KEY-1\w+", made)[0]
        self.recipient = re.search(r"age1\w+", made)[0]
        self.mailbox = secrets.token_hex(32)

    def plant(self, slot, message="", files=(), days_ago=0, answerable=True, inbox="tips", epoch=None):
        """Puts a submission of this source into the store's folder, as a server that lost its index would have it."""
        schedule = keys_txt(slot)
        when = time.time() - days_ago * DAY
        day = time.strftime("%Y-%m-%d", time.gmtime(when))
        lines = [line.split() for line in schedule.splitlines() if line.startswith(f"epoch: {inbox} ")]
        if epoch is None:
            epoch = next(int(e[2]) for e in lines if e[3] <= day < e[4])
        recipients = [e[5] for e in lines if int(e[2]) == epoch]
        item = secrets.token_hex(16)
        scratch = os.path.join(slot.folder, "plant-" + item)
        os.mkdir(scratch)
        paths, listed = [], []
        for number, file in enumerate(files, 1):
            paths.append(os.path.join(scratch, re.sub(r"[^A-Za-z0-9._-]", "_", file.name)))
            with open(paths[-1], "wb") as f:
                f.write(file.content)
            listed.append({"name": f"files/{number:03d}-{os.path.basename(paths[-1])}", "original": file.name,
                           "type": file.type, "size": len(file.content)})
        manifest = {"format": "sealslot 1", "id": item, "instance": slot.instance, "inbox": inbox, "epoch": epoch,
                    "schedule": int(re.search(r"^serial: (\d+)", schedule, re.M)[1]), "recipients": recipients,
                    "received": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(when)), "topics": {},
                    "reply_to": self.recipient if answerable else None,
                    "mailbox": self.mailbox if answerable else None, "files": listed}
        for name, text in (("manifest", json.dumps(manifest, separators=(",", ":"))), ("message", message)):
            with open(os.path.join(scratch, "." + name), "w", encoding="utf-8") as f:
                f.write(text)
        argv = [os.path.join(slot.build, "tests/interop/seal_file"), "-m", os.path.join(scratch, ".message"),
                "-j", os.path.join(scratch, ".manifest")]
        sealed = subprocess.run([*argv, *(x for r in recipients for x in ("-r", r)), *paths], capture_output=True,
                                check=True).stdout
        path = os.path.join(slot.store, "items", item + ".age")
        with open(path, "wb") as f:
            f.write(sealed)
        owner = os.stat(slot.store)
        os.chown(path, owner.st_uid, owner.st_gid)
        os.chmod(path, 0o400)
        midnight = int(when // DAY * DAY)
        os.utime(path, (midnight, midnight))
        return item

    def open(self, sealed):
        """The plaintext of an age file that is sealed to this source."""
        with open(os.memfd_create("identity"), "w+", encoding="ascii") as f:
            f.write(self.identity + "\n")
            f.flush()
            argv = ["age", "-d", "-i", f"/proc/self/fd/{f.fileno()}"]
            return subprocess.run(argv, input=sealed, pass_fds=[f.fileno()], capture_output=True, check=True).stdout

    def read(self, sealed):
        """The text of a sealed reply, after its form was checked."""
        assert len(sealed) <= 60 * 1024, len(sealed)
        plain = self.open(sealed)
        head, _, rest = plain.partition(b"\n\n")
        found = re.fullmatch(rb"sealslot-reply 1\nday: (\d{4}-\d\d-\d\d)\nlength: (\d+)", head)
        assert found and len(plain) % 4096 == 0, head
        length = int(found[2])
        assert not rest[length:].strip(b"\0")
        return rest[:length].decode()


def replies(slot, source):
    """The sealed replies that the server has for a source."""
    with contextlib.closing(sqlite3.connect(f"file:{slot.store}/index.db?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT sealed FROM replies WHERE mailbox=? ORDER BY id", (bytes.fromhex(source.mailbox),))
        return [row[0] for row in rows]


def members(path):
    with tarfile.open(path) as tar:
        return [m.name for m in tar]


def index_of(path):
    """index.txt of an answer bundle, as lines."""
    with tarfile.open(path) as tar:
        return tar.extractfile("index.txt").read().decode().splitlines()
