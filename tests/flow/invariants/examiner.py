"""Who seizes the disk: what do 40 uploads of a day tell once the day is settled?

An examiner looks at everything that a store leaves on a disk: where rows lie in the raw pages of the index, inode
numbers, all four times, sizes, names, the order of the folder. Each is compared with the order in which the uploads
came: does it tell that order (rank correlation), does it tell neighbours (how far apart in it are two uploads that
followed each other)? Before the settle the examiner must find the order: it isn't blind. Afterwards it must be chance.

    python3 tests/flow/invariants/examiner.py build --unsettled     skips the settle, and so must fail
"""
# builds: sanitize
# time limit: 240

import json
import os
import random
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import File, Slot  # noqa: E402

UPLOADS = 40
MARKER = "examiner-Marker-7d1f3c55"
NAME = "whistle-Name-52b9"
DAY = 86400
# An honest result beyond this many standard deviations comes about once in 150,000 looks; there are some 20 looks.
SIGMAS = 4.5
SHUFFLES = 2000
WAIT_SECONDS = 120  # a settle begins a minute after midnight


# ---- statistics


def ranks(values):
    """Ranks from 0, equal values at the mean of their places."""
    by_value = sorted(range(len(values)), key=lambda i: values[i])
    out, i = [0.0] * len(values), 0
    while i < len(values):
        j = i
        while j < len(values) and values[by_value[j]] == values[by_value[i]]:
            j += 1
        for k in by_value[i:j]:
            out[k] = (i + j - 1) / 2
        i = j
    return out


def trend(r):
    """Large when ranks rise with time, small when they fall."""
    return sum(i * x for i, x in enumerate(r))


def closeness(r):
    """Small when who followed each other lies side by side."""
    return sum(abs(a - b) for a, b in zip(r, r[1:]))


def sigmas(measure, r, dice):
    """How many standard deviations a measure is off what shuffled ranks give."""
    shuffled, other = [], list(r)
    for _ in range(SHUFFLES):
        dice.shuffle(other)
        shuffled.append(measure(other))
    spread = statistics.pstdev(shuffled)
    return 0.0 if spread == 0 else (measure(r) - statistics.fmean(shuffled)) / spread


def look(traces, dice):
    """{trace: the worst of its two measures}; values are in the order of arrival."""
    worst = {}
    for name, values in traces.items():
        r = ranks(values)
        worst[name] = max((sigmas(m, r, dice) for m in (trend, closeness)), key=abs)
    return worst


# ---- traces


def traces_of(slot, order):
    """What the disk has of each item; order: the items' names as they came."""
    items = os.path.join(slot.store, "items")
    listed = [n for n in os.listdir(items) if n.endswith(".age")]
    assert sorted(listed) == sorted(order), "the folder has other items than came"
    out = {"folder": [listed.index(n) for n in order], "name": [int(n[:32], 16) for n in order]}
    told = subprocess.run(["stat", "-c", "%i %.9W %.9X %.9Y %.9Z %s", *order], cwd=items, check=True,
                          capture_output=True, text=True).stdout.splitlines()
    fields = [[float(x) for x in line.split()] for line in told]
    for k, name in enumerate(("inode", "birth", "access", "modification", "change", "size")):
        out[name] = [f[k] for f in fields]
    with open(os.path.join(slot.store, "index.db"), "rb") as f:
        pages = f.read()
    places = [places_of(pages, bytes.fromhex(n[:32])) for n in order]
    for k in range(min(map(len, places))):
        out[f"row {k + 1}"] = [p[k] for p in places]
    return out


def places_of(pages, needle):
    found, at = [], pages.find(needle)
    while at >= 0:
        found.append(at)
        at = pages.find(needle, at + 1)
    return found


# ---- what must stand nowhere


def clock_texts(second):
    """A time of day as texts and numbers have it: (name, bytes, also looked for in ciphertext)."""
    t = time.gmtime(second)
    yield "decimal", str(second).encode(), True
    yield "clock", time.strftime("%H:%M:%S", t).encode(), True
    yield "ISO", time.strftime("T%H%M%S", t).encode(), True
    for name, n in (("seconds", second), ("milliseconds", second * 1000)):
        yield name + ", 64 bits", struct.pack("<Q", n), True
        yield name + ", 64 bits, big", struct.pack(">Q", n), True
    yield "seconds, 32 bits", struct.pack("<I", second), False
    yield "seconds, 32 bits, big", struct.pack(">I", second), False
    yield "double", struct.pack("<d", second)[3:], False
    yield "double, big", struct.pack(">d", second)[:5], False


def contents(folder):
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    yield path, f.read()


def assert_no_traces(slot, seconds):
    words = [MARKER, NAME]
    words += [w.encode("utf-16-le") for w in (MARKER, NAME)] + [MARKER.encode().hex(), NAME.encode().hex()]
    words = [w if isinstance(w, bytes) else w.encode() for w in words]
    times = [t for s in seconds for t in clock_texts(s)]
    for path, content in contents(slot.store):
        sealed = path.endswith(".age")
        for w in words:
            assert w not in content, f"{path} has {w!r}"
        for name, t, everywhere in times:
            assert (sealed and not everywhere) or t not in content, f"{path} has the time of an upload ({name})"


# ---- the day


def upload_day(slot, dice):
    """Uploads; gives the items' names in the order in which they came, and the seconds in which they did."""
    order, seconds = [], set()
    for i in range(UPLOADS):
        seconds.add(int(time.time()))
        page = slot.upload(f"{MARKER} {i}", [File(f"{NAME}-{i}.txt", os.urandom(dice.randrange(100, 2000)))])
        assert page.status == 200, page.text
        order += [n for n in slot.stored() if n not in order]
        assert len(order) == i + 1
        seconds.add(int(time.time()))
    return order, seconds


def set_day(path, days):
    with open(path, "r+b") as f:
        f.write(struct.pack("=q", days * DAY))


def wait_settled(slot, today):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        told = json.loads(slot.sealslotd("status", "--json", status=None).stdout)
        assert not told["settle_waits"], told
        if told["settled_before"] == today:
            return
        time.sleep(0.2)
    raise AssertionError(f"no settle within {WAIT_SECONDS} s\n{slot.log_text()}")


def main():
    shift = os.path.join("/tmp", f"sealslot-examiner-{os.getpid()}")
    with open(shift, "wb") as f:
        f.write(bytes(8))
    os.chmod(shift, 0o644)
    os.environ["SEALSLOT_TEST_CLOCK"] = shift
    seed = random.randrange(1 << 30)
    dice = random.Random(seed)
    print(f"seed {seed}")
    try:
        with Slot(sys.argv[1]) as slot:
            slot.serve()
            examine(slot, shift, dice)
    finally:
        os.unlink(shift)


def examine(slot, shift, dice):
    order, seconds = upload_day(slot, dice)
    assert_no_traces(slot, seconds)
    before = look(traces_of(slot, order), dice)
    for name in ("change", "birth", "row 1"):
        assert abs(before[name]) > SIGMAS, f"the examiner is blind: {name} {before[name]:.1f}"
    sums = {n: c for n, c in contents(os.path.join(slot.store, "items"))}
    set_day(shift, 1)
    if "--unsettled" not in sys.argv:
        wait_settled(slot, time.strftime("%Y-%m-%d", time.gmtime(time.time() + DAY)))
    traces = traces_of(slot, order)  # before anything reads the new files
    assert {n: c for n, c in contents(os.path.join(slot.store, "items"))} == sums, "a settle changed what is stored"
    after = look(traces, dice)
    for name, value in after.items():
        print(f"{name:12} before {before.get(name, 0):6.1f}   after {value:6.1f} standard deviations")
    told = {n: round(v, 1) for n, v in after.items() if abs(v) > SIGMAS}
    assert not told, f"the disk tells in which order they came: {told}"
    for name in ("access", "modification", "size"):
        assert len(set(traces[name])) == 1, f"{name} isn't the same for all"
    assert_no_traces(slot, seconds)
    assert len(slot.carry()) == UPLOADS, "the reviewers don't get them all"


main()
