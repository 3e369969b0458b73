"""Invariant 4: without a valid epoch key uploads are refused; an old key is never used again."""

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from faults import Faults  # noqa: E402
from slot import File, Slot, body_of  # noqa: E402

DAYS = 14  # of the only epoch


def outcome(slot, body, kind, action):
    """The status of an upload, and how many submissions are stored now."""
    return slot.post(body, kind, action=action).status, len(slot.stored())


def wait_for(slot, status):
    deadline = time.monotonic() + 20
    while (got := slot.get("/").status) != status:
        assert time.monotonic() < deadline, f"/ gives {got}, not {status}"
        time.sleep(0.1)


def main():
    with Slot(sys.argv[1]) as slot:
        faults = Faults(slot.build, slot.folder)
        slot.env = faults.env()
        slot.make_keys("--epochs", "1", "--days", str(DAYS))
        slot.write_conf()
        slot.sealslotd("init")
        slot.publish()
        slot.start()
        form = slot.form()
        body, kind = body_of(form.parts("a letter", [File("a", os.urandom(1000))]))
        # The same requests with a key: what is refused below isn't refused for another reason.
        assert outcome(slot, body, kind, form.action) == (200, 1)
        form = slot.form()
        body, kind = body_of(form.parts("another", [File("a", os.urandom(1000))]))
        faults.shift_days(DAYS + 1)
        wait_for(slot, 503)
        assert "<form" not in slot.get("/").text, "a form without a key"
        assert outcome(slot, body, kind, form.action) == (503, 1), "an old key was used"
        # After a restart, too: the store remembers the day, the schedule is the same.
        slot.stop()
        slot.start(ready=503)
        assert outcome(slot, body, kind, form.action) == (503, 1)
        # Another schedule, and it goes on.
        slot.stop()
        slot.desk.key_tool("schedule", "--epochs", "8", "--days", str(DAYS))
        slot.publish()
        slot.start()
        assert slot.upload("with a new key").status == 200
        print("refused without a key, before and after a restart; served again with a new one")


main()
