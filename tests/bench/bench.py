"""Runs the scenes, prints their tables, writes them into BENCHMARKS.md."""

import argparse
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

import report
from measure import Series

SCENES = ["footprint", "upload", "many", "opening", "login", "growth"]
BY_HAND = ["sizes"]  # takes long, and room
MINUTES = 20  # what the seconds of all parts are made for
QUICK = 0.01  # of every size and count


class Late(Exception):
    """A part that has taken much longer than its time."""


class Context:
    """What every scene gets: where to work, how often, and where to put its tables."""

    def __init__(self, args):
        self.build, self.runs, self.scale = os.path.abspath(args.build), args.runs, args.scale
        self.peers = args.peers
        self.disk = tempfile.mkdtemp(prefix="sealslot-bench-", dir=args.disk)
        self.tmpfs = tempfile.mkdtemp(prefix="sealslot-bench-", dir="/dev/shm")
        for folder in (self.tmpfs, self.disk):
            os.chmod(folder, 0o755)
        self.machine = report.machine(self.disk)
        self.tables, self.files, self.reached, self.done = [], {}, {}, []
        self.failures, self.cut = [], []
        self.pace, self.deadline, self.scene = args.minutes / MINUTES, None, ""
        self.end = time.monotonic() + args.minutes * 60

    def close(self):
        for folder in (self.tmpfs, self.disk):
            shutil.rmtree(folder, ignore_errors=True)

    def part(self, call, seconds, least):
        """
        One part of a scene, within about `seconds` of a run of MINUTES; it is cut when the run hasn't the
        `least` seconds left that it takes with one round. A failure doesn't end the others.
        """
        name = "%s: %s" % (self.scene, call.__name__.replace("_", " "))
        if self.scale == 1 and self.scene in SCENES and time.monotonic() + least > self.end:
            print("cut, for want of time: " + name, file=sys.stderr, flush=True)
            self.cut.append(name)
            return
        print("... " + name, file=sys.stderr, flush=True)
        if self.scene not in self.done:
            self.done.append(self.scene)
        begin = time.monotonic()
        self.deadline = begin + seconds * self.pace
        signal.alarm(3 * (seconds + least))
        try:
            call(self)
        except Exception as e:  # pylint: disable=broad-except
            traceback.print_exc()
            self.fail("%s: %s" % (call.__name__.replace("_", " "), e))
        finally:
            signal.alarm(0)
        print("    %.0f s" % (time.monotonic() - begin), file=sys.stderr, flush=True)

    def fail(self, why):
        self.failures.append("%s: %s" % (self.scene, why))

    def rounds(self):
        """Counts the rounds, as many as fit the part's time."""
        longest, begin = 0, time.monotonic()
        for i in range(self.runs):
            if i and begin + longest > self.deadline:
                return
            yield i
            longest, begin = max(longest, time.monotonic() - begin), time.monotonic()

    def target(self, name, value):
        """What was measured for a line of the targets."""
        if report.TARGETS[name].scene != self.scene:
            raise KeyError(name)
        self.reached[name] = value if isinstance(value, Series) else float(value)

    def sparse_file(self, size):
        """A file of zeros that takes no room."""
        path = os.path.join(self.tmpfs, "zeros-%d" % size)
        with open(path, "wb") as f:
            f.truncate(size)
        return path

    def need_disk(self, size):
        """So many bytes must be free on --disk."""
        free = shutil.disk_usage(self.disk).free
        if free < size:
            raise RuntimeError("needs %s free on --disk, there are %s" % (self.human(size), self.human(free)))

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

    @staticmethod
    def human(n):
        for unit, step in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if n >= step:
                return "%g %s" % (round(n / step, 2), unit)
        return "%d bytes" % n

    def table(self, title, rows, note=""):
        self.tables.append({"scene": self.scene, "title": title, "rows": rows, "note": note})
        print(report.markdown(self.tables[-1]), flush=True)


def plain(value):
    return value.as_dict() if isinstance(value, Series) else value


def write_json(path, ctx):
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"machine": ctx.machine, "runs": ctx.runs, "is_quick": ctx.scale != 1,
                   "targets": {k: plain(v) for k, v in ctx.reached.items()}, "failures": ctx.failures, "cut": ctx.cut,
                   "tables": [{"scene": t["scene"], "title": t["title"],
                               "rows": [{k: plain(v) for k, v in r.items()} for r in t["rows"]]} for t in ctx.tables]},
                  f, indent=1)


def options():
    p = argparse.ArgumentParser(description="Measures Sealslot beside its peers.")
    p.add_argument("--build", required=True, help="a release build folder")
    p.add_argument("--only", help="one scene: " + ", ".join(SCENES + BY_HAND))
    p.add_argument("--json", help="also write all figures to this file")
    p.add_argument("--runs", type=int, default=7)
    p.add_argument("--minutes", type=float, default=MINUTES, help="about how long all scenes may take; what doesn't fit is cut, and said")
    p.add_argument("--quick", action="store_true", help="tries the bench itself: tiny, one round, writes nothing")
    p.add_argument("--disk", default="/var/tmp", help="a folder on a real file system")
    p.add_argument("--peers", default="all", help="nginx,onionshare,classic-model")
    p.add_argument("--write", help="put the tables into this BENCHMARKS.md")
    args = p.parse_args()
    if args.only and args.only not in SCENES + BY_HAND:
        p.error("no such scene: " + args.only)
    args.scale = QUICK if args.quick else 1
    args.runs = 1 if args.quick else args.runs
    return args


def on_alarm(*_):
    raise Late("it took far too long and was given up")


def main():
    args = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers are stopped on the way out
    signal.signal(signal.SIGALRM, on_alarm)
    ctx = Context(args)
    try:
        for ctx.scene in [args.only] if args.only else SCENES:
            importlib.import_module("scene_" + ctx.scene).run(ctx)
    finally:
        ctx.close()
    print(report.markdown(report.targets_table({k: report.figure(v) for k, v in ctx.reached.items()}, ctx.done)))
    if args.json:
        write_json(args.json, ctx)
    if args.write and not args.quick:
        report.write(args.write, ctx)
    for lost in ["FAILED: " + f for f in ctx.failures] + ["cut, for want of time: " + c for c in ctx.cut]:
        print(lost, file=sys.stderr)
    sys.exit(1 if ctx.failures else 0)


sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
if __name__ == "__main__":
    main()
