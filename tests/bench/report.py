"""How the tables look, what the targets say, and how both get into BENCHMARKS.md beside the prose."""

import collections
import os
import re
import subprocess
import time

from measure import Series

Target = collections.namedtuple("Target", "scene more_is_better must goal")
# What must be reached, and the goal.
TARGETS = {
    "upload, tmpfs, to nginx plain text": Target("upload", True, 0.65, 0.80),
    "upload, disk and durable, to nginx + sync": Target("upload", True, 0.55, 0.75),
    "upload to OnionShare (plain text)": Target("upload", True, 1.2, 1.5),
    "upload to the model of the classic design": Target("upload", True, 15, 25),
    "server CPU per GB, to libsodium's AEAD alone": Target("upload", False, 2.6, 2.0),
    "open to `age -d`, 1 core": Target("opening", True, 1.0, 1.1),
    "open to `age -d`, 2 cores": Target("opening", True, 1.8, 2.2),
    "memory, one upload, all processes, MiB": Target("upload", False, 16, 10),
    "memory, 1,000 slow uploads, all complete, MiB": Target("many", False, 112, 88),
    "longest wait of a page during a durable upload, ms": Target("many", False, 100, 20),
    "longest wait of a page during 1,000 slow uploads, ms": Target("many", False, 100, 20),
    "show a 10 GiB submission, ms": Target("opening", False, 20, 5),
    "durable small submissions per second, tmpfs": Target("many", True, 300, 1000),
    "start to first page, ms": Target("footprint", False, 100, 30),
    "idle memory of all processes, MiB": Target("footprint", False, 16, 8),
}
NOT_MEASURED = "not measured"
PACKAGES = ["libsodium23", "libmicrohttpd12", "libdeflate0", "libsqlite3-0", "nginx-light", "onionshare-cli", "python3-flask",
            "gnupg", "age", "curl"]


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


# ---- targets


def figure(value):
    """As it stands in a table."""
    return str(value if isinstance(value, Series) else Series([value]))


def verdict(target, measured):
    """measured: as it stands in the table; the figure that counts is its first."""
    if measured == NOT_MEASURED:
        return "NOT MEASURED"
    value = float(measured.split()[0])
    must, goal = [value >= x if target.more_is_better else value <= x for x in (target.must, target.goal)]
    return "goal" if goal else "must" if must else "MISSED"


def targets_table(measured, scenes=None):
    """One row for every target (of some scenes), in its order, whether it was measured or not."""
    rows = []
    for name, target in TARGETS.items():
        if scenes is not None and target.scene not in scenes:
            continue
        text = measured.get(name, NOT_MEASURED)
        rows.append({"what": name, "must": "%g" % target.must, "goal": "%g" % target.goal, "measured": text,
                     "reached": verdict(target, text)})
    return {"title": "Targets", "rows": rows, "note": ""}


def measured_before(text):
    """What an earlier run wrote into the table of targets."""
    found = {}
    for line in block_of(text, "targets").splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0] in TARGETS:
            found[cells[0]] = cells[3]
    return found


# ---- the machine


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip().split("\n")[0] if done.returncode == 0 else ""


def field(path, name):
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.startswith(name):
                return line.split(":", 1)[1].strip()
    return ""


def versions():
    found = []
    for package in PACKAGES:
        version = first_line(["dpkg-query", "-W", "-f", "${Version}", package])
        if version:
            found.append("%s %s" % (package, re.sub(r"^\d+:", "", version)))
    return ", ".join(found)


def machine(disk):
    system = ""
    if os.path.exists("/etc/os-release"):
        with open("/etc/os-release", encoding="utf-8") as f:
            system = re.search(r'^PRETTY_NAME="?([^"\n]*)', f.read(), re.M)[1] + ", "
    memory = int(field("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    flags = field("/proc/cpuinfo", "flags").split()
    has = [f for f in ("avx2", "avx512f", "vpclmulqdq") if f in flags]
    return {
        "processor": "%s, %d cores%s" % (field("/proc/cpuinfo", "model name") or "unknown", os.cpu_count(),
                                         " (%s)" % ", ".join(has) if has else ""),
        "memory": "%.0f GiB" % memory,
        "system": system + "Linux " + os.uname().release.split("-")[0],
        "disk": first_line(["stat", "-f", "-c", "%T", disk]) or "unknown file system",
        "compiler": first_line(["cc", "--version"]),
        "packages": versions(),
    }


# ---- BENCHMARKS.md


def marks(name):
    return "<!-- %s: written by tests/bench/run.sh -->" % name, "<!-- end of %s -->" % name


def block_of(text, name):
    begin, end = marks(name)
    return text.split(begin, 1)[1].split(end, 1)[0] if begin in text else ""


def put_block(text, name, content):
    """Replaces what stands between the marks of a block; appends the block if it isn't there."""
    begin, end = marks(name)
    block = begin + "\n\n" + content.strip() + "\n\n" + end
    if begin not in text:
        return text.rstrip() + "\n\n" + block + "\n"
    head, rest = text.split(begin, 1)
    if end not in rest:
        raise ValueError("BENCHMARKS.md: the mark of the end of %s is missing" % name)
    return head + block + rest.split(end, 1)[1]


def put_results(text, ctx):
    """The text of BENCHMARKS.md with what this run has found; other scenes' tables and figures stay."""
    line = ("%s. Up to %d rounds in turn after a warm-up: median (smallest..largest; how many rounds fitted the time), "
            "one figure where it was taken once." % (time.strftime("%Y-%m-%d", time.gmtime()), ctx.runs))
    measured = measured_before(text)
    for scene in ctx.done:
        lost = ["**Failed:** %s\n" % f for f in ctx.failures if f.startswith(scene + ":")]
        lost += ["**Cut, for want of time:** %s\n" % c for c in ctx.cut if c.startswith(scene + ":")]
        tables = [markdown(t) for t in ctx.tables if t["scene"] == scene]
        text = put_block(text, scene, line + "\n\n" + "\n".join(tables + lost))
        for name, target in TARGETS.items():
            if target.scene == scene:
                measured[name] = figure(ctx.reached[name]) if name in ctx.reached else NOT_MEASURED
    text = put_block(text, "machine", "\n".join("- %s: %s" % i for i in ctx.machine.items() if i[1]))
    return put_block(text, "targets", markdown(targets_table(measured)))


def write(path, ctx):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    text = put_results(text, ctx)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
