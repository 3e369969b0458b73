"""The store on XFS and on btrfs: uploads of every way to end, a store killed in the middle, a disk that fills up; all else in the suite
runs on ext4 or tmpfs.
"""

# builds: release
# time limit: 240

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from mounts import Disk  # noqa: E402
from slot import File, Slot, children, body_of, kill  # noqa: E402

MIB = 1 << 20
LARGE = 160  # MiB: more than claim and slack
BIG = os.urandom(24 * MIB)


def process(slot, name):
    for pid in children(slot.pid()):
        with open(f"/proc/{pid}/comm", encoding="ascii") as f:
            if f.read().strip() == name[:15]:
                return pid
    raise AssertionError(f"no {name}")


def begin(slot, files):
    """An upload of which the last 100 kB aren't sent."""
    form = slot.form()
    body, kind = body_of(form.parts("begun", files))
    s = slot.connection()
    s.putrequest("POST", form.action)
    s.putheader("Content-Type", kind)
    s.putheader("Content-Length", str(len(body)))
    s.endheaders()
    s.send(body[:-100_000])
    return s, body[-100_000:]


def finish(s, rest):
    s.send(rest)
    status = s.getresponse().status
    s.close()
    return status


def several_at_once(slot):
    begun = [begin(slot, [File(f"{i}.bin", BIG[i * MIB:(i + 6) * MIB])]) for i in range(4)]
    begin(slot, [File("given-up.bin", BIG)])[0].close()
    results = []
    threads = [threading.Thread(target=lambda b=b: results.append(finish(*b))) for b in begun]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == [303] * 4, results


def large(slot):
    """XFS takes ahead as much again as a growing file has: nobody may take that for more than front was allowed to write."""
    s, rest = begin(slot, [File("large.bin", b"l" * (LARGE * MIB))])
    time.sleep(2.5)  # store looks once a second
    assert finish(s, rest) == 303


def taken_space(slot):
    return sum(os.stat(os.path.join(slot.store, "items", name)).st_blocks for name in slot.stored()) * 512


def killed(slot):
    """The one in the middle gets no receipt, and leaves nothing."""
    s, rest = begin(slot, [File("lost.bin", BIG)])
    kill(process(slot, "sealslotd-store"))
    try:
        assert finish(s, rest) != 303, "a receipt for what isn't there"
    except OSError:
        pass
    slot.wait_for(200)


def filled(slot):
    """To the last place that is left above the reserve: the next one is refused, and what is there stays."""
    for count in range(100):
        page = slot.get("/")
        if page.status == 200:
            page = slot.upload("fills", [File("a", BIG[:4 * MIB])])
        if page.status != 200:
            assert page.status in (413, 503, 507), f"{page.status} {page.text}"
            return count, page
    raise AssertionError("the disk has no end")


def scene(build, mib, mkfs):
    with Slot(build, {"store": {"reserve": "8M", "max_upload": "256M"}}) as slot, Disk(os.path.join(slot.folder, "disk"), mib, mkfs) as path:
        slot.store = os.path.join(path, "store")
        slot._conf["store"]["path"] = slot.store
        try:
            slot.serve()
            slot.upload("first", [File("big.bin", BIG)])
            several_at_once(slot)
            large(slot)
            killed(slot)
            assert len(slot.stored()) == 6
            sizes = sum(os.stat(os.path.join(slot.store, "items", name)).st_size for name in slot.stored())
            assert taken_space(slot) <= sizes + 5 * MIB, f"{taken_space(slot)} bytes for {sizes}"
            count, page = filled(slot)
            said = slot.sealslotd("check", status=None).stdout
            assert all("disk is full" in line for line in said.splitlines() if line.startswith("problem: ")), said
            items = slot.carry()
            assert len(items) == 6 + count and not any(i["flags"] for i in items)
            slot.desk.review("verify")
            print(f"{mkfs[0]}: {len(items)} submissions, a kill, then full: {page.status} {page.h1}")
        finally:
            slot.stop()


def main():
    scene(sys.argv[1], 450, ["mkfs.xfs", "-q"])
    scene(sys.argv[1], 450, ["mkfs.btrfs", "-q"])


main()
