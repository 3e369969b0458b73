"""Numbers that can be trusted on a noisy machine: pairs in turn, medians, ratios pair by pair.

Everything is read from /proc; no tool but Python's standard library.
"""

import os
import statistics
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """pid and all its descendants that live now."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as f:
                    fields = f.read().rsplit(b")", 1)[1].split()
                parents.setdefault(int(fields[1]), []).append(int(name))
            except (OSError, IndexError):
                continue
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        todo += parents.get(p, [])
    return found


def cpu_seconds(pid):
    """User and system seconds of a process tree so far, ended children included."""
    total = 0
    for p in tree(pid):
        try:
            with open(f"/proc/{p}/stat", "rb") as f:
                fields = f.read().rsplit(b")", 1)[1].split()
            total += sum(int(x) for x in fields[11:15])
        except (OSError, IndexError):
            continue
    return total / TICK


def name_of(pid):
    """The name of the program that a process runs; empty if that can't be told."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).removesuffix(" (deleted)")
    except OSError:
        return ""


def pss_bytes(pid, without=None):
    """Proportional set size of a process tree: shared pages are counted once in all.

    without: a program whose processes aren't counted."""
    total = 0
    for p in tree(pid):
        if without is not None and name_of(p) == without:
            continue
        try:
            with open(f"/proc/{p}/smaps_rollup", encoding="ascii") as f:
                for line in f:
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


class PeakPss:
    """The largest sum of PSS seen while the block runs, sampled every `every` seconds."""

    def __init__(self, pid, every=0.05, without=None):
        self.pid, self.every, self.without, self.peak = pid, every, without, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._stop.is_set():
            self.peak = max(self.peak, pss_bytes(self.pid, self.without))
            self._stop.wait(self.every)

    def __enter__(self):
        self.start_bytes = pss_bytes(self.pid, self.without)
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()
        self.peak = max(self.peak, pss_bytes(self.pid, self.without))


class Series:
    """The runs of one figure."""

    def __init__(self, values):
        self.values = sorted(values)

    @property
    def median(self):
        return statistics.median(self.values)

    def as_dict(self):
        return {"median": self.median, "min": self.values[0], "max": self.values[-1],
                "runs": len(self.values)}

    def __str__(self):
        v = [self.median, self.values[0], self.values[-1]]
        digits = 0 if v[0] >= 100 else 1 if v[0] >= 10 else 2 if v[0] >= 0.1 else 4
        if len(self.values) == 1:
            return "{0:.{1}f}".format(v[0], digits)
        return "{0:.{3}f} ({1:.{3}f}..{2:.{3}f}; {4})".format(*v, digits, len(self.values))


def alternate(contestants, runs, warmup=1, deadline=None):
    """Runs every contestant in turn, `runs` times after the warm-up.

    contestants: {name: callable -> {figure: number}}. Gives {name: {figure: [numbers]}}, run by run,
    so that ratios can be formed pair by pair. Behind the deadline (of time.monotonic) no round
    begins, but for the first one.
    """
    results = {name: {} for name in contestants}
    longest = 0
    for i in range(warmup + runs):
        begin = time.monotonic()
        if i > warmup and deadline is not None and begin + longest > deadline:
            break
        order = list(contestants.items())
        if i % 2:
            order.reverse()
        for name, call in order:
            figures = call()
            if i >= warmup:
                for key, value in figures.items():
                    results[name].setdefault(key, []).append(value)
        longest = max(longest, time.monotonic() - begin)
    return results


def ratios(results, ours, theirs, figure):
    """Pair by pair: our figure through theirs."""
    return Series(a / b for a, b in zip(results[ours][figure], results[theirs][figure]) if b)


def timed(call):
    begin = time.monotonic()
    value = call()
    return time.monotonic() - begin, value
