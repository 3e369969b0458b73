"""Runs the scenes, prints their tables, writes them into BENCHMARKS.md."""

import argparse
import importlib
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
import traceback

from measure import Series

HERE = os.path.dirname(os.path.abspath(__file__))
SCENES = ["footprint", "upload", "many", "opening", "login", "growth"]
BY_HAND = ["sizes"]  # takes long, and room
# What must be reached, and the goal: (more is better?, must, goal).
TARGETS = {
    "upload, tmpfs, to nginx plain text": (True, 0.65, 0.80),
    "upload, disk and durable, to nginx + sync": (True, 0.55, 0.75),
    "upload to OnionShare (plain text)": (True, 1.2, 1.5),
    "upload to the model of the classic design": (True, 15, 25),
    "server CPU per GB, to libsodium's AEAD alone": (False, 2.6, 2.0),
    "open to age -d, 1 core": (True, 1.0, 1.1),
    "open to age -d, 2 cores": (True, 1.8, 2.2),
    "memory above idle, one upload, all processes, MiB": (False, 16, 10),
    "memory, 1,000 slow uploads, MiB": (False, 112, 88),
    "longest wait of a page during a durable upload, ms": (False, 100, 20),
    "longest wait of a page during 1,000 slow uploads, ms": (False, 100, 20),
    "show a 10 GiB submission, ms": (False, 20, 5),
    "durable small submissions per second, tmpfs": (True, 300, 1000),
    "start to first page, ms": (False, 100, 30),
    "idle memory of all processes, MiB": (False, 16, 8),
}
class Context:
    """What every scene gets: where to work, how often, and where to put its tables."""

    def __init__(self, args):
        self.build, self.runs, self.scale = os.path.abspath(args.build), args.runs, args.scale
        self.peers = args.peers
        self.tmpfs = tempfile.mkdtemp(prefix="sealslot-bench-", dir="/dev/shm")
        self.disk = tempfile.mkdtemp(prefix="sealslot-bench-", dir=args.disk)
        for folder in (self.tmpfs, self.disk):
            os.chmod(folder, 0o755)
        self.tables, self.files, self.reached, self.failures = [], {}, {}, []
        self.pace, self.deadline, self.scene = args.minutes / 20, None, ""

    def close(self):
        for folder in (self.tmpfs, self.disk):
            shutil.rmtree(folder, ignore_errors=True)

    def part(self, call, seconds):
        """One part of a scene, within about so many seconds; a failure doesn't end the others."""
        self.deadline = time.monotonic() + seconds * self.pace
        print("... %s: %s" % (self.scene, call.__name__.replace("_", " ")), file=sys.stderr, flush=True)
        try:
            call(self)
        except Exception as e:  # pylint: disable=broad-except
            traceback.print_exc()
            self.failures.append("%s: %s: %s" % (self.scene, call.__name__, e))

    def rounds(self):
        """Counts the rounds, as many as fit the part's time."""
        longest, begin = 0, time.monotonic()
        for i in range(self.runs):
            if i and begin + longest > self.deadline:
                return
            yield i
            longest, begin = max(longest, time.monotonic() - begin), time.monotonic()

    def target(self, name, value):
        """What was measured for a line of TARGETS."""
        if name not in TARGETS:
            raise KeyError(name)
        self.reached[name] = value.median if isinstance(value, Series) else value

    def sparse_file(self, size):
        """A file of zeros that takes no room."""
        path = os.path.join(self.tmpfs, "zeros-%d" % size)
        with open(path, "wb") as f:
            f.truncate(size)
        return path

    def size(self, n):
        return max(1 << 16, int(n * self.scale))

    def count(self, n):
        return max(10, int(n * self.scale))

    def wants_peer(self, name):
        return self.peers == "all" or name in self.peers.split(",")

    def data_file(self, size):
        """A file of bytes that don't repeat, on tmpfs; kept for the next scene."""
        if size not in self.files:
            path = os.path.join(self.tmpfs, "data-%d" % size)
            with open(path, "wb") as f:
                left = size
                while left:
                    piece = os.urandom(min(left, 1 << 20))
                    f.write(piece)
                    left -= len(piece)
            self.files[size] = path
        return self.files[size]

    def drop_file(self, size):
        os.unlink(self.files.pop(size))

    @staticmethod
    def human(n):
        for unit, step in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if n >= step:
                return "%g %s" % (round(n / step, 2), unit)
        return "%d bytes" % n

    def table(self, title, rows, note=""):
        self.tables.append({"scene": self.scene, "title": title, "rows": rows, "note": note})
        print(markdown(self.tables[-1]), flush=True)


def markdown(table):
    columns = []
    for row in table["rows"]:
        columns += [c for c in row if c not in columns]
    lines = ["### " + table["title"], "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in table["rows"]:
        lines.append("| " + " | ".join(str(row.get(c, "")) for c in columns) + " |")
    if table["note"]:
        lines += ["", table["note"]]
    return "\n".join(lines) + "\n"


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return "%s, %d cores, Linux %s" % (model, os.cpu_count(), platform.release().split("-")[0])


def targets_table(reached):
    rows = []
    for name, (is_more_better, must, goal) in TARGETS.items():
        if name not in reached:
            continue
        value = reached[name]
        is_met = [value >= x if is_more_better else value <= x for x in (must, goal)]
        verdict = "goal" if is_met[1] else "must" if is_met[0] else "MISSED"
        rows.append({"what": name, "must": "%g" % must, "goal": "%g" % goal,
                     "measured": "%.3g" % value if value < 1000 else "%.0f" % value, "reached": verdict})
    return {"title": "Targets", "rows": rows, "note": ""}


def put_block(text, name, block):
    """Replaces what stands between the marks of a block; appends the block if it isn't there."""
    begin, end = "<!-- %s: written by tests/bench/run.sh -->" % name, "<!-- end of %s -->" % name
    block = begin + "\n\n" + block.strip() + "\n\n" + end
    if begin not in text:
        return text.rstrip() + "\n\n" + block + "\n"
    head, rest = text.split(begin, 1)
    return head + block + rest.split(end, 1)[1]


def write_tables(path, ctx, scenes):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    line = ("Machine: %s. %s. Up to %d rounds in turn after a warm-up: median (smallest..largest; how many rounds fitted "
            "the time), one figure where it was taken once." % (machine(), time.strftime("%Y-%m-%d", time.gmtime()), ctx.runs))
    for scene in scenes:
        tables = [markdown(t) for t in ctx.tables if t["scene"] == scene]
        lost = ["**Failed:** " + f + "\n" for f in ctx.failures if f.startswith(scene + ":")]
        text = put_block(text, scene, line + "\n\n" + "\n".join(tables + lost))
    if len(scenes) > 1:
        text = put_block(text, "targets", line + "\n\n" + markdown(targets_table(ctx.reached)))
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def plain(value):
    return value.as_dict() if isinstance(value, Series) else value


def main():
    p = argparse.ArgumentParser(description="Measures Sealslot beside its peers.")
    p.add_argument("--build", required=True, help="a release build folder")
    p.add_argument("--only", help="one scene: " + ", ".join(SCENES + BY_HAND))
    p.add_argument("--json", help="also write all figures to this file")
    p.add_argument("--runs", type=int, default=7)
    p.add_argument("--minutes", type=float, default=20, help="about how long all scenes may take")
    p.add_argument("--quick", action="store_true", help="tries the bench itself: tiny, one round, writes nothing")
    p.add_argument("--disk", default="/var/tmp", help="a folder on a real file system")
    p.add_argument("--peers", default="all", help="nginx,onionshare,classic-model")
    p.add_argument("--write", help="put the tables into this BENCHMARKS.md")
    args = p.parse_args()
    if args.only and args.only not in SCENES + BY_HAND:
        p.error("no such scene: " + args.only)
    args.scale = 0.01 if args.quick else 1.0
    args.runs = 1 if args.quick else args.runs
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers are stopped on the way out
    ctx, scenes = Context(args), [args.only] if args.only else SCENES
    try:
        for ctx.scene in scenes:
            importlib.import_module("scene_" + ctx.scene).run(ctx)
    finally:
        ctx.close()
    if ctx.reached:
        print(markdown(targets_table(ctx.reached)))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump({"machine": machine(), "targets": ctx.reached, "failures": ctx.failures, "tables": [
                {"scene": t["scene"], "title": t["title"], "rows": [{k: plain(v) for k, v in r.items()} for r in t["rows"]]}
                for t in ctx.tables]}, f, indent=1)
    if args.write and not args.quick:
        write_tables(args.write, ctx, scenes)
    for failure in ctx.failures:
        print("FAILED: " + failure, file=sys.stderr)
    sys.exit(1 if ctx.failures else 0)


sys.path.insert(0, HERE)
if __name__ == "__main__":
    main()
