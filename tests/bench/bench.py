"""Runs the scenes, prints their tables, writes them into BENCHMARKS.md."""

import argparse
import importlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time

from measure import Series

HERE = os.path.dirname(os.path.abspath(__file__))
SCENES = ["upload", "many", "opening", "growth", "footprint", "login"]
MARK = "<!-- tables: written by tests/bench/run.sh, not by hand -->"


class Context:
    """What every scene gets: where to work, how often, and where to put its tables."""

    def __init__(self, args):
        self.build, self.runs, self.scale = os.path.abspath(args.build), args.runs, args.scale
        self.peers = args.peers
        self.tmpfs = tempfile.mkdtemp(prefix="sealslot-bench-", dir="/dev/shm")
        self.disk = tempfile.mkdtemp(prefix="sealslot-bench-", dir=args.disk)
        for folder in (self.tmpfs, self.disk):
            os.chmod(folder, 0o755)
        self.tables, self.files = [], {}

    def close(self):
        for folder in (self.tmpfs, self.disk):
            shutil.rmtree(folder, ignore_errors=True)

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
        self.tables.append({"title": title, "rows": rows, "note": note})
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


def write_tables(path, ctx, seconds):
    head = "# Benchmarks of Sealslot\n\n"
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            head = f.read().split(MARK)[0]
    with open(path, "w", encoding="utf-8") as f:
        f.write(head + MARK + "\n\n")
        f.write("Machine: %s. %d runs in turn after a warm-up; median (smallest..largest). Trust the ratios, not the MB/s. "
                "The whole run took %d minutes.\n\n" % (machine(), ctx.runs, round(seconds / 60)))
        f.write("\n".join(markdown(t) for t in ctx.tables))


def plain(value):
    return value.as_dict() if isinstance(value, Series) else value


def main():
    p = argparse.ArgumentParser(description="Measures Sealslot beside its peers.")
    p.add_argument("--build", required=True, help="a release build folder")
    p.add_argument("--only", help="one scene: " + ", ".join(SCENES))
    p.add_argument("--json", help="also write all figures to this file")
    p.add_argument("--runs", type=int, default=7)
    p.add_argument("--scale", type=float, default=1.0, help="shrink sizes and counts, to try the bench itself")
    p.add_argument("--disk", default="/var/tmp", help="a folder on a real file system")
    p.add_argument("--peers", default="all", help="nginx,onionshare,classic-model")
    p.add_argument("--write", help="put the tables into this BENCHMARKS.md")
    args = p.parse_args()
    ctx, begin = Context(args), time.monotonic()
    try:
        for name in [args.only] if args.only else SCENES:
            if os.path.exists(os.path.join(HERE, "scene_%s.py" % name)):
                importlib.import_module("scene_" + name).run(ctx)
            elif args.only:
                p.error("no such scene: " + name)
    finally:
        ctx.close()
    seconds = time.monotonic() - begin
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump({"machine": machine(), "tables": [
                {"title": t["title"], "rows": [{k: plain(v) for k, v in r.items()} for r in t["rows"]]}
                for t in ctx.tables]}, f, indent=1)
    if args.write:
        write_tables(args.write, ctx, seconds)


sys.path.insert(0, HERE)
if __name__ == "__main__":
    main()
