"""One test is one process session with a scratch folder, a log and a time limit."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
MARK = "SEALSLOT_TEST"


def adopt_orphans():
    """What a test leaves behind becomes our child, so that it can be found and reaped."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("prctl(PR_SET_CHILD_SUBREAPER) failed")
    threading.Thread(target=_reap_orphans, daemon=True).start()


def _reap_orphans():
    """As init does, while tests run. A test itself leads its session, and who started it waits for it."""
    while True:
        for entry in filter(str.isdigit, os.listdir("/proc")):
            stat = _stat(int(entry))
            if stat and stat[0] == os.getpid() and stat[2] == "Z" and stat[1] not in (int(entry), os.getsid(0)):
                with contextlib.suppress(OSError):
                    os.waitpid(int(entry), os.WNOHANG)
        time.sleep(0.2)


def _stat(pid):
    """(parent, session, state, name) of a process, or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            text = f.read().decode(errors="replace")
    except OSError:
        return None
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    return int(fields[1]), int(fields[3]), fields[0], name


def _mark(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as f:
            found = [v for v in f.read().split(b"\0") if v.startswith(MARK.encode() + b"=")]
    except OSError:  # gone, or not ours to look at
        found = []
    return found[0].decode().split("=")[1] if found else ""


def left_behind(session, mark):
    """{pid: name} of the processes of a test that are still alive."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        stat = _stat(int(entry))
        if stat and stat[2] not in "ZX" and (stat[1] == session or _mark(int(entry)) == mark):
            found[int(entry)] = stat[3]
    return found


def _kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:  # already gone
            pass


class Test:
    """What to run. builds: which build it belongs to, for its line; limit in seconds."""

    def __init__(self, suite, name, argv, build="", limit=120, env=None, cwd=None, alone=False):
        self.suite, self.name, self.argv, self.build = suite, name, argv, build
        self.limit, self.env, self.cwd, self.alone = limit, env or {}, cwd, alone

    def title(self):
        build = f" ({self.build})" if self.build not in ("", "release") else ""
        return f"{self.suite} {self.name}{build}"


class Result:
    def __init__(self, test, verdict, why, seconds, log):
        self.test, self.verdict, self.why, self.seconds, self.log = test, verdict, why, seconds, log


def _wait(process, limit):
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        return None


def _judge(status, limit, leftovers):
    if status is None:
        return "FAIL", f"took longer than {limit} s"
    if status == 77 and not leftovers:
        return "skip", ""
    if status != 0:
        return "FAIL", f"killed by signal {-status}" if status < 0 else f"exit status {status}"
    if leftovers:
        return "FAIL", "left processes behind: " + ", ".join(sorted(set(leftovers.values())))
    return "ok", ""


def _end(session, mark, grace):
    """Ends what is left of a test; says what was still alive after the grace (in seconds)."""
    leftovers = left_behind(session, mark)
    deadline = time.monotonic() + grace
    while leftovers and time.monotonic() < deadline:
        time.sleep(0.1)
        leftovers = left_behind(session, mark)
    while alive := left_behind(session, mark):
        _kill(alive)
        time.sleep(0.05)
    return leftovers


def run(test, folder, mark):
    """Runs one test in its own session; nothing of it is alive afterwards."""
    os.makedirs(folder)
    env = {**os.environ, "TMPDIR": folder, **test.env, MARK: mark}
    start = time.monotonic()
    with open(folder + ".log", "wb") as log:
        process = subprocess.Popen(test.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                   cwd=test.cwd, start_new_session=True)
        try:
            status = _wait(process, test.limit)
            seconds = time.monotonic() - start
        finally:
            leftovers = _end(process.pid, mark, 0 if process.poll() is None else 2)
            process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    return Result(test, *_judge(status, test.limit, leftovers), seconds, folder + ".log")


def utc_day():
    return int(time.time() // 86400)


def run_through_midnight(test, folder, mark):
    """When a UTC day begins, keys change and stores are settled, as they must; most tests don't expect it in their midst.

    Such a failure gets one more run, and both are told. Tests of that very moment have a clock of their own.
    """
    day = utc_day()
    first = run(test, folder, mark)
    if first.verdict != "FAIL" or utc_day() == day:
        return first
    second = run(test, folder + "-again", mark)
    second.why = "; ".join(filter(None, [second.why, f"run again, for a day began while the first run failed: {first.why}, {first.log}"]))
    return second


class Pool:
    """Runs tests several at a time, those that must be alone one by one at the end."""

    def __init__(self, work, workers, report):
        self.work, self.workers, self.report = work, workers, report
        self.lock = threading.Lock()
        self.count = 0
        self.queue = []

    def stop(self):
        """Starts nothing more, and ends what is running."""
        self.queue = []
        _kill(p for p in map(int, filter(str.isdigit, os.listdir("/proc"))) if _mark(p).startswith(f"{os.getpid()}."))

    def _next(self):
        with self.lock:
            self.count += 1
            return (self.queue.pop(0), self.count) if self.queue else (None, 0)

    def _worker(self):
        while True:
            test, number = self._next()
            if test is None:
                return
            result = run_through_midnight(test, os.path.join(self.work, "t", str(number)), f"{os.getpid()}.{number}")
            with self.lock:
                self.report(result)

    def run(self, tests):
        for batch, workers in (([t for t in tests if not t.alone], self.workers),
                               ([t for t in tests if t.alone], 1)):
            self.queue = list(batch)
            threads = [threading.Thread(target=self._worker, daemon=True) for _ in range(workers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
