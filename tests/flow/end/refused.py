"""When nothing may be taken, the source is told so before the body is read: no key, old key, altered key, no room, read-only."""
# time limit: 180

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import Slot, body_of, part  # noqa: E402

NO_KEY, NO_ROOM, FAULT = "no valid key to seal with", "nearly full", "has a fault"


def answer_to_head(slot, length):
    """The answer to a head that asks whether the body may come."""
    return slot.raw(f"POST /submit HTTP/1.1\r\nHost: {slot.host}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                    f"Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n".encode(), timeout=20)


def expect(slot, status, says, length=1000, stored=()):
    """Refused at the head; and a browser, which sends everything at once, sees the same page."""
    body, content_type = body_of([part("token", b"x"), part("message", b"m" * length)])
    for page in (answer_to_head(slot, length), slot.post(body, content_type, "/submit")):
        assert page.status == status and says in page.text, f"{page.status} {page.text}"
    assert slot.stored() == list(stored)


def no_schedule(build):
    with Slot(build) as slot:
        slot.make_keys()
        slot.write_conf()
        slot.sealslotd("init")
        slot.start(503, NO_KEY)
        expect(slot, 503, NO_KEY)
        slot.publish()
        slot.wait_for(200)
        assert slot.upload("now there is a key").status == 200


def expired(build):
    with Slot(build) as slot:
        slot.make_keys("--epochs", "2", on_day="2020-01-06")
        slot.write_conf()
        slot.sealslotd("init")
        slot.publish()
        slot.start(503, NO_KEY)
        expect(slot, 503, NO_KEY)


def keys_file(slot, serial):
    return os.path.join(slot.store, "keys", f"keys-{serial:04}.txt")


def alter(path):
    """Another recipient in the last epoch's line: one letter of it."""
    with open(path, "rb+") as f:
        text = f.read()
        at = text.rindex(b"age1") + 20
        f.seek(at)
        f.write(b"q" if text[at:at + 1] != b"q" else b"p")
    return text


def altered(build):
    """The published schedule is changed in the store, behind the server's back: not used, and no older one in its place."""
    with Slot(build) as slot:
        slot.prepare()
        slot.desk.key_tool("schedule", "--inbox", "tips=Another title")
        slot.publish()
        slot.start()
        assert slot.upload("sealed with what was signed").status == 200
        before = slot.stored()
        good = alter(keys_file(slot, 2))
        slot.stop()
        slot.start(503, NO_KEY)
        expect(slot, 503, NO_KEY, stored=before)
        slot.stop()
        with open(keys_file(slot, 2), "wb") as f:
            f.write(good)
        slot.start()
        assert slot.upload("it is whole again").status == 200


def no_room(build):
    with Slot(build, {"store": {"reserve": "1000000G"}}) as slot:
        slot.prepare()
        slot.start(507, NO_ROOM)
        expect(slot, 507, NO_ROOM)


def read_only(build):
    with Slot(build) as slot:
        slot.serve()
        items = os.path.join(slot.store, "items")
        os.chmod(items, 0o500)
        expect(slot, 503, FAULT)
        os.chmod(items, 0o700)
        assert slot.upload("m").status == 200, "it doesn't recover"


def main():
    for scene in (no_schedule, expired, altered, no_room, read_only):
        scene(sys.argv[1])
        print(f"{scene.__name__}: as it should be")


main()
