"""Each system call of a command that has to do with our files, made to fail once, by strace."""

import os
import re
import shutil
import subprocess

LOOKS = ("openat", "read", "pread64", "fstat", "newfstatat", "getdents64", "flock")
CHANGES = ("mkdir", "mkdirat", "write", "pwrite64", "ftruncate", "fchmod", "fsync", "fdatasync", "syncfs", "linkat", "renameat", "renameat2",
           "rename", "unlinkat", "unlink")
ERRORS = {"write": "ENOSPC", "pwrite64": "ENOSPC", "mkdir": "EACCES", "mkdirat": "EACCES", "openat": "EACCES"}  # else EIO


class Strikes:
    """folder: where the commands run, and all that they may touch; what is named in constant stays as it is."""

    def __init__(self, program, folder, constant=()):
        self.program, self.folder, self.constant = program, folder, {*constant, "before", "trace"}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def run(self, *args, under=()):
        return subprocess.run([*under, self.program, *args], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", check=False)

    def good(self, *args):
        done = self.run(*args)
        assert done.returncode == 0, (args, done.stdout, done.stderr)
        return done.stdout

    def put_back(self, before):
        """The folder as it was: what lies in before, and what is constant."""
        for name in set(os.listdir(self.folder)) - self.constant:
            path = self.path(name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        subprocess.run(["cp", "-a", before + "/.", self.folder], check=True)  # with its owners, and its times

    def is_ours(self, line):
        """What the loader opens is absolute, and elsewhere."""
        absolute = re.search(r'openat\(AT_FDCWD<[^>]*>, "(/[^"]*)"', line)
        return self.folder in (absolute[1] if absolute else line) and "ENOENT" not in line and "EEXIST" not in line

    def calls_of(self, command):
        """[(call, number)] of a run that gets through, in its order; each thread counts for itself, as strace does."""
        trace = self.path("trace")
        done = self.run(*command, under=("strace", "-f", "-qq", "-y", "-o", trace, "-e", "trace=" + ",".join(f"?{c}" for c in LOOKS + CHANGES)))
        assert done.returncode == 0, (command, done.stderr)
        count, found = {}, {}
        with open(trace, encoding="utf-8", errors="replace") as f:
            for line in f:
                if call := re.match(r"(\d+) +(\w+)\(", line):
                    count[call.groups()] = nth = count.get(call.groups(), 0) + 1
                    if self.is_ours(line):
                        found[call[2], nth] = None
        return list(found)

    def strike(self, command, call, nth):
        """How the command ends when this call fails; None if it came otherwise this time, or was one of the loader's."""
        inject = f"inject={call}:error={ERRORS.get(call, 'EIO')}:when={nth}"
        done = self.run(*command, under=("strace", "-f", "-qq", "-o", self.path("trace"), "-e", f"trace={call}", "-e", inject))
        with open(self.path("trace"), encoding="utf-8", errors="replace") as f:
            is_struck = "(INJECTED)" in f.read()
        return done if is_struck and "error while loading shared libraries" not in done.stderr else None


def every(stride, calls, last=None):
    """One of so many of the calls, or of the last ones; and all by which a name comes or goes."""
    return [c for i, c in enumerate(calls[-last if last else None:]) if i % stride == 0 or c[0].startswith(("link", "unlink", "rename"))]
