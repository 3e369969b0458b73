"""Who seizes the disk: what do 40 uploads of a day tell once the day is settled, and 200 from 50 sources?

An examiner looks at everything that a store leaves on a disk: where rows lie in the raw pages of the index, inode
numbers, all four times, sizes, names, the order of the folder, as readdir gives it (on tmpfs that is the order in which
names were made) and in its raw pages (ext4). Each is compared with the order in which the uploads
came: does it tell that order (rank correlation), does it tell neighbours (how far apart in it are two uploads that
followed each other), does it tell which came from one source? Before the settle the examiner must find all that: it isn't
blind. Afterwards it must be chance.

    python3 tests/flow/invariants/examiner.py build --unsettled     skips the settle, and so must fail
"""
# builds: sanitize
# time limit: 400

import json
import os
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import File, Form, Slot, body_of  # noqa: E402

UPLOADS = 40
SOURCES, VISITS, EACH = 50, 2, 2  # who comes back sends two at each visit
MARKER = "examiner-Marker-7d1f3c55"
NAME = "whistle-Name-52b9"
DAY = 86400
# An honest result beyond this many standard deviations comes about once in 150,000 looks; there are some 60 looks.
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


def togetherness(owners):
    """Small when what came from one source lies side by side."""
    pairs = [(i, j) for i in range(len(owners)) for j in range(i) if owners[i] == owners[j]]
    return lambda r: sum(abs(r[i] - r[j]) for i, j in pairs)


def sigmas(measure, r, dice):
    """How many standard deviations a measure is off what shuffled ranks give."""
    shuffled, other = [], list(r)
    for _ in range(SHUFFLES):
        dice.shuffle(other)
        shuffled.append(measure(other))
    spread = statistics.pstdev(shuffled)
    return 0.0 if spread == 0 else (measure(r) - statistics.fmean(shuffled)) / spread


def look(traces, owners, dice):
    """{trace: the worst of its measures}; values are in the order of arrival."""
    measures = [trend, closeness] + ([togetherness(owners)] if len(set(owners)) < len(owners) else [])
    worst = {}
    for name, values in traces.items():
        r = ranks(values)
        worst[name] = max((sigmas(m, r, dice) for m in measures), key=abs)
    return worst


# ---- traces


def traces_of(slot, order):
    """What the disk has of each item; order: the items' names as they came."""
    items = os.path.join(slot.store, "items")
    listed = [n for n in os.listdir(items) if n.endswith(".age")]
    assert set(order) <= set(listed), "the folder lacks items that came"
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
    if slot.image:
        raw = raw_names(slot.image, os.path.relpath(items, slot.image + ".d"))
        out["raw page"] = [raw.index(n) for n in order]
    return out


def raw_names(image, folder):
    """The names of a folder in the order in which they lie in its pages, deleted ones included."""
    subprocess.run(["sync"], check=True)
    told = subprocess.run(["debugfs", "-R", f"ls -pd /{folder}", image], check=True, capture_output=True, text=True).stdout
    return [line.split("/")[5].strip("<>") for line in told.splitlines() if line.startswith("/")]


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


class Day:
    """Uploads: the items' names in the order in which they came, whose they are, and the seconds in which they came."""

    def __init__(self, slot):
        self.slot, self.known = slot, set(slot.stored())
        self.order, self.owners, self.seconds = [], [], set()

    def upload(self, owner, dice, cookie=None):
        """An upload of this source, signed in if there is a cookie; the cookie that it has afterwards."""
        slot, n = self.slot, len(self.order)
        headers = {"Cookie": cookie} if cookie else {}
        page = slot.get("/mailbox" if cookie else "/", headers)
        page.text = page.text[page.text.index("<form"):].partition("</form>")[0]
        form = Form(page)
        files = [File(f"{NAME}-{n}.txt", os.urandom(dice.randrange(100, 2000)))]
        body, kind = body_of(form.parts(f"{MARKER} {n}", files))
        self.seconds.add(int(time.time()))
        deadline = time.monotonic() + 60
        while (done := slot.request("POST", form.action, body, {"Content-Type": kind, **headers})).status == 503:
            assert time.monotonic() < deadline, done.text  # no codename is ready: a slow machine derives them as slowly
            time.sleep(1)
        self.seconds.add(int(time.time()))
        assert done.status == 303, done.text
        new = set(slot.stored()) - self.known
        assert len(new) == 1, new
        self.known |= new
        self.order += new
        self.owners.append(owner)
        return (done.headers.get("Set-Cookie") or cookie).split(";")[0]


def strangers(slot, dice):
    day = Day(slot)
    for i in range(UPLOADS):
        day.upload(i, dice)
    return day


def sources(slot, dice):
    """Each comes twice, in any order, and sends two at each visit."""
    day, cookies = Day(slot), {}
    visits = list(range(SOURCES)) * VISITS
    dice.shuffle(visits)
    for who in visits:
        for _ in range(EACH):
            cookies[who] = day.upload(who, dice, cookies.get(who))
    return day


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


# ---- other file systems


def has_mounts():
    """Mounts of one's own, which end with the test."""
    return os.getuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


def mount_ext4(folder):
    """An ext4 in a file; its image, or None where nothing can be mounted."""
    image = os.path.join(folder, "ext4")
    with open(image, "wb") as f:
        f.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "4096", image], check=True)
    os.mkdir(image + ".d")
    mounted = subprocess.run(["mount", "-o", "loop", image, image + ".d"], capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        print(f"raw pages of ext4: not looked at, {mounted.stderr.strip()}")
        return None  # main skips: all else was looked at, and held
    os.chmod(image + ".d", 0o711)
    return image


def examine_on(where, image, shift, dice):
    """The same store on another file system."""
    before, tempfile.tempdir = tempfile.tempdir, where
    with open(shift, "r+b") as f:
        f.write(bytes(8))
    try:
        with Slot(sys.argv[1]) as slot:
            slot.image = image
            slot.serve()
            print(f"on {'ext4' if image else 'tmpfs'}:")
            blind = ("raw page",) if image else ("folder",)
            examine(slot, strangers(slot, dice), shift, 1, dice, blind)
    finally:
        tempfile.tempdir = before


def main():
    if has_mounts() and "EXAMINER_MOUNTS" not in os.environ:
        os.environ["EXAMINER_MOUNTS"] = "own"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
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
            slot.image = None
            slot.serve()
            examine(slot, strangers(slot, dice), shift, 1, dice)
            if "--unsettled" not in sys.argv:
                day = sources(slot, dice)
                examine(slot, day, shift, 2, dice)
                assert len(slot.carry()) == UPLOADS + len(day.order), "the reviewers don't get them all"
        examine_on("/dev/shm", None, shift, dice)
        is_raw_seen = False
        if "EXAMINER_MOUNTS" in os.environ:
            with tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o711)
                if image := mount_ext4(folder):
                    try:
                        examine_on(image + ".d", image, shift, dice)
                        is_raw_seen = True
                    finally:
                        subprocess.run(["umount", image + ".d"], check=True)
    finally:
        os.unlink(shift)
    if not is_raw_seen:
        print("skipped: the raw pages of ext4 need the right to mount; everything before that was looked at")
        sys.exit(77)


def examine(slot, day, shift, days, dice, seen=()):
    """seen: what must tell the order before the settle, besides what always does."""
    order = day.order
    assert_no_traces(slot, day.seconds)
    before = look(traces_of(slot, order), day.owners, dice)
    # Many rows are spread over pages by their ids: there only neighbours on a page tell the order.
    for name in ("change", "birth", *seen) + (("row 1",) if len(order) == UPLOADS else ()):
        assert abs(before[name]) > SIGMAS, f"the examiner is blind: {name} {before[name]:.1f}"
    if len(set(day.owners)) < len(order):
        found = sigmas(togetherness(day.owners), ranks(traces_of(slot, order)["change"]), dice)
        assert found < -SIGMAS, f"the examiner is blind: who belongs together {found:.1f}"
    sums = {n: c for n, c in contents(os.path.join(slot.store, "items"))}
    set_day(shift, days)
    if "--unsettled" not in sys.argv:
        wait_settled(slot, time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * DAY)))
    traces = traces_of(slot, order)  # before anything reads the new files
    assert {n: c for n, c in contents(os.path.join(slot.store, "items"))} == sums, "a settle changed what is stored"
    after = look(traces, day.owners, dice)
    for name, value in after.items():
        print(f"{name:12} before {before.get(name, 0):6.1f}   after {value:6.1f} standard deviations")
    told = {n: round(v, 1) for n, v in after.items() if abs(v) > SIGMAS}
    assert not told, f"the disk tells in which order they came, or from whom: {told}"
    for name in ("access", "modification", "size"):
        assert len(set(traces[name])) == 1, f"{name} isn't the same for all"
    assert_no_traces(slot, day.seconds)


main()
