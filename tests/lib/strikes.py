"""Each system call of a command that has to do with our files, made to fail once, by strace."""

import os
import re
import shutil
import subprocess

LOOKS = ("openat", "read", "pread64", "fstat", "newfstatat", "getdents64", "flock")
CHANGES = ("mkdir", "mkdirat", "write", "pwrite64", "ftruncate", "fchmod", "fsync", "fdatasync", "syncfs", "linkat", "renameat", "renameat2",
           "rename", "unlinkat", "unlink")
ERRORS = {"write": "ENOSPC", "pwrite64": "ENOSPC", "mkdir": "EACCES", "mkdirat": "EACCES", "openat": "EACCES"}  # else EIO
REASONS = {"EIO": "Input/output error", "EACCES": "Permission denied|may not enter", "ENOSPC": "room|full"}


class Strikes:
    """folder: where the commands run, and all that they may touch; what is named in constant stays as it is."""

    vague = ()  # calls whose failure is told in other words
    unnoticed = ("unlink", "unlinkat")  # changes that may fail without the command

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
        absolute = re.search(r'AT_FDCWD<[^>]*>, "(/[^"]*)"', line)
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
        """How the command ends when this call fails; None if another one of that number was struck, too: each thread counts for itself."""
        inject = f"inject={call}:error={ERRORS.get(call, 'EIO')}:when={nth}"
        done = self.run(*command, under=("strace", "-f", "-qq", "-y", "-o", self.path("trace"), "-e", f"trace={call}", "-e", inject))
        with open(self.path("trace"), encoding="utf-8", errors="replace") as f:
            struck = [self.is_ours(line) for line in f if "(INJECTED)" in line]
        return done if struck and all(struck) else None

    def each_struck(self, command, before, stride, look, last=None):
        """Strikes one of so many calls, of the last ones, and all by which a name comes or goes: (where, what look saw before, how it ended).

        Each time the folder is as it was. A failure must be told as what it is, and one to change something can't go unnoticed.
        """
        self.put_back(before)
        calls = self.calls_of(command)
        assert len(calls) > 10, f"{command}: only {calls}"
        struck = harmless = 0
        for i, (call, nth) in enumerate(calls[-last if last else None:]):
            if i % stride and not call.startswith(("link", "unlink", "rename")):
                continue
            self.put_back(before)
            was = look()
            if (done := self.strike(command, call, nth)) is None:
                continue
            where = f"{command[0]}, {call} number {nth}"
            struck += 1
            if done.returncode == 0:
                harmless += 1
                assert call in LOOKS + self.unnoticed, f"{where} didn't matter"
            elif call not in self.vague:
                reason = REASONS[ERRORS.get(call, "EIO")]
                assert re.search(reason, done.stderr + done.stdout), f"{where}: {reason} isn't told: {done.stdout}{done.stderr}"
            yield where, was, done
        assert struck > 1, f"{command}: hardly anything failed"
        print(f"{command[0]:14} {struck} calls failed, {harmless} did no harm", flush=True)
