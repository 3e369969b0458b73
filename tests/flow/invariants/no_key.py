"""Invariant 4: without a valid epoch key uploads are refused; an old key is never used again.

Broken on purpose: a front and a store that go on with the last key that there was (oldkey.c).
"""

# time limit: 240

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from faults import Faults  # noqa: E402
from patched import put_together  # noqa: E402
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


def without_key(slot, faults, letters):
    """Served with a key, then the only epoch ends: the same request again. Its outcome."""
    faults.derive_cheaply()  # codenames aren't what is tried here
    slot.env = faults.env()
    slot.make_keys("--epochs", "1", "--days", str(DAYS))
    slot.write_conf()
    slot.sealslotd("init")
    slot.publish()
    slot.start()
    form = slot.form()
    body, kind = body_of(form.parts("a letter", [File("a", letters)]))
    # The same requests with a key: what is refused below isn't refused for another reason.
    assert outcome(slot, body, kind, form.action) == (200, 1)
    form = slot.form()
    body, kind = body_of(form.parts("another", [File("a", letters)]))
    faults.shift_days(DAYS + 1)
    return form.action, body, kind


def refused(build):
    with Slot(build) as slot:
        faults = Faults(slot.build, slot.folder)
        action, body, kind = without_key(slot, faults, os.urandom(1000))
        wait_for(slot, 503)
        assert "<form" not in slot.get("/").text, "a form without a key"
        assert outcome(slot, body, kind, action) == (503, 1), "an old key was used"
        # After a restart, too: the store remembers the day, the schedule is the same.
        slot.stop()
        slot.start(ready=503)
        assert outcome(slot, body, kind, action) == (503, 1)
        # Another schedule, and it goes on.
        slot.stop()
        slot.desk.key_tool("schedule", "--epochs", "8", "--days", str(DAYS))
        slot.publish()
        slot.start()
        page = slot.upload("with a new key")
        assert page.status == 200, f"{page.status} {page.h1}"
        print("refused without a key, before and after a restart; served again with a new one")


def patched(build, *names):
    """Front and store that go on with an old key, or one of them: what comes of the upload."""
    programs = {"front": "server/front/sealslotd-front", "store": "server/sealslotd-store"}
    with Slot(build) as slot:
        faults = Faults(slot.build, slot.folder)
        slot.build = put_together(slot.build, slot.folder,
                                  {programs[n]: f"tests/flow/invariants/sealslotd-{n}-oldkey" for n in names})
        action, body, kind = without_key(slot, faults, os.urandom(1000))
        deadline = time.monotonic() + 5
        while names != ("front", "store") and slot.get("/").status == 200 and time.monotonic() < deadline:
            time.sleep(0.1)  # front hears of the day from the store
        return outcome(slot, body, kind, action)


def main():
    refused(sys.argv[1])
    # Either of them refuses by itself; if both took an old key, it would be seen.
    for name in ("front", "store"):
        got = patched(sys.argv[1], name)
        assert got[0] in (503, 507) and got[1] == 1, f"a {name} that uses an old key alone has it its way: {got}"
    got = patched(sys.argv[1], "front", "store")
    assert got == (200, 2), f"broken on purpose, and refused all the same: {got}"
    print("a front or a store that takes an old key is refused by the other; both together are noticed")


main()
