"""Invariant 1: no plaintext reaches a disk, a log, an environment or another process than front.

strace of whole uploads: no write of any process carries plaintext, and only the designed files are made. Broken on purpose:
a front that logs what it receives (faults.c) is caught.
"""
# time limit: 300

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from faults import Faults  # noqa: E402
from slot import File, Slot  # noqa: E402

MARKER = "Wilhelmina-Vogelzang-48213"
SIZE = 3 * 1024 * 1024
OUTPUT = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,splice,vmsplice,copy_file_range"
INPUT = "read,readv,recvfrom,recvmsg"
FILES = "open,openat,openat2,creat,mkdir,mkdirat,link,linkat,rename,renameat,renameat2,symlink,symlinkat,unlink," \
        "unlinkat,mknod,mknodat,memfd_create,truncate,mmap,io_uring_setup"

WRAPPER = ["strace", "-f", "-qq", "-yy", "-s", "200000", "-e", "signal=none", "-e", f"trace={OUTPUT},{INPUT},{FILES}"]


def lines_of(path, start, end):
    """Whole system calls between two places; the two halves of an interrupted one are joined."""
    open_calls = {}
    with open(path, "rb") as f:
        f.seek(start)
        for raw in f.read(end - start).splitlines():
            pid, _, text = raw.decode("latin-1").strip().partition(" ")
            text = text.strip()
            if text.endswith("<unfinished ...>"):
                open_calls[pid] = text.removesuffix("<unfinished ...>")
            elif resumed := re.match(r"<\.\.\. \w+ resumed>", text):
                yield open_calls.pop(pid, "") + text[resumed.end():]
            else:
                yield text


def call_name(line):
    return line.split("(", 1)[0]


def made_files(lines):
    """What was created, opened unnamed, linked, renamed or removed, and where; failed calls don't count."""
    made = []
    for line in lines:
        name = call_name(line)
        if re.search(r"= -1 E[A-Z]+", line):
            continue
        if name in ("open", "openat", "openat2", "creat") and re.search(r"O_CREAT|O_TMPFILE", line):
            made.append(("O_TMPFILE" if "O_TMPFILE" in line else "O_CREAT", line))
        elif name.startswith(("mkdir", "link", "rename", "symlink", "unlink", "mknod", "memfd", "truncate", "io_uring")):
            made.append((name, line))
        elif name == "mmap" and "MAP_SHARED" in line and "PROT_WRITE" in line and "MAP_ANONYMOUS" not in line:
            made.append(("shared mmap", line))
    return made


def check_output(lines):
    seen, to_store = 0, 0
    for line in lines:
        name = call_name(line)
        if name in INPUT.split(","):
            seen += line.count(MARKER)
        elif name in OUTPUT.split(","):
            assert MARKER not in line, f"plaintext leaves in {name}: {line[:200]}"
            if "/items" in line.split('"')[0] or "(deleted)" in line.split('"')[0]:
                to_store += int(re.search(r"= (\d+)$", line)[1])
    assert seen > SIZE // 64, f"the trace shows only {seen} markers arriving: it can't prove anything"
    assert to_store >= SIZE, f"the trace shows only {to_store} bytes of ciphertext"


def check_files(lines, uploads):
    made = made_files(lines)
    kinds = sorted(kind for kind, _ in made)
    text = "\n".join(line[:160] for _, line in made)
    assert kinds.count("O_TMPFILE") == uploads, f"unnamed files:\n{text}"
    assert kinds.count("linkat") == uploads, f"links:\n{text}"
    rest = [(kind, line) for kind, line in made if kind not in ("O_TMPFILE", "linkat")]
    # The index's journal is made once and then truncated in place.
    rest = [(kind, line) for kind, line in rest if not (kind == "O_CREAT" and "index.db-journal" in line)]
    assert not rest, f"files that the design doesn't have:\n{text}"


def check_environment(slot):
    for pid in slot.pids():
        for what in ("environ", "cmdline"):
            with open(f"/proc/{pid}/{what}", "rb") as f:
                assert MARKER.encode() not in f.read(), f"plaintext in {what}"


def upload(slot, content):
    page = slot.upload(MARKER * 20, [File(MARKER + ".txt", content)])
    assert page.status == 200, page.text


def traced(build, trace, content):
    with Slot(build, wrapper=WRAPPER + ["-o", trace]) as slot:
        slot.serve()
        start = os.path.getsize(trace)
        for _ in range(2):
            upload(slot, content)
        check_environment(slot)
        end = os.path.getsize(trace)
        slot.stop()
        lines = list(lines_of(trace, start, end))
        check_output(lines)
        check_files(lines, 2)
        for at, _, names in os.walk(slot.folder):
            for name in names:
                with open(os.path.join(at, name), "rb") as f:
                    assert MARKER.encode() not in f.read(), f"plaintext in {name}"
        print(f"{len(lines)} system calls, no plaintext in any output")


def broken_on_purpose(build, trace, content):
    with Slot(build, wrapper=WRAPPER + ["-E", "LD_PRELOAD=", "-o", trace]) as slot:
        faults = Faults(build, slot.folder)
        slot.wrapper[-3] = "LD_PRELOAD=" + faults.preload
        slot.env = {**faults.env(), "LD_PRELOAD": ""}
        slot.serve()
        faults.set("sealslotd-front", "recv", "tell", lasting=True)
        start = os.path.getsize(trace)
        upload(slot, content)
        faults.clear()
        slot.stop()
        try:
            check_output(list(lines_of(trace, start, os.path.getsize(trace))))
        except AssertionError as e:
            assert "plaintext leaves" in str(e), e
            print("a front that logs what it receives is caught")
            return
        raise AssertionError("a front that logs what it receives isn't noticed")


def main():
    trace = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"trace-{os.getpid()}")
    content = (MARKER + "\n").encode() * (SIZE // (len(MARKER) + 1) + 1)
    try:
        traced(sys.argv[1], trace, content)
        broken_on_purpose(sys.argv[1], trace, content)
    finally:
        if os.path.exists(trace):
            os.unlink(trace)


if __name__ == "__main__":
    main()
