"""A hundred thousand submissions are past their day: they go a part at a time, and others are answered in between."""
# time limit: 120
# builds: release sanitize

import json
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import Slot  # noqa: E402

OLD = 100_000


def fill(slot):
    day = int(time.time()) // 86400 - 400
    db = sqlite3.connect(os.path.join(slot.store, "index.db"))
    db.executemany("INSERT INTO items VALUES(?,?,'tips',31,1,1000)", ((id_, day) for id_ in sorted(os.urandom(16) for _ in range(OLD))))
    db.commit()
    db.close()


def stored(slot):
    return json.loads(slot.sealslotd("status", "--json", status=None).stdout)["items"]


def main():
    with Slot(sys.argv[1]) as slot:
        slot.prepare()
        fill(slot)
        first = stored(slot)  # asked as soon as there is anybody to ask
        assert 0 < first < OLD, f"{first} of {OLD} were there when the first answer came"
        slot.start()
        assert slot.upload("meanwhile").status == 200
        deadline = time.monotonic() + 60
        while (left := stored(slot)) > 1:
            assert time.monotonic() < deadline, f"{left} don't go"
            time.sleep(0.1)
        assert left == 1 and len(slot.carry()) == 1


main()
