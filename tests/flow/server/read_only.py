"""A disk that turns read-only under a running server, as ext4 does after an error: nothing is taken, nobody gets a receipt, and all
that has a receipt is there when the disk has been put right.

(A remount by hand is refused by the kernel itself while the store has its index open.)
"""

# builds: release
# time limit: 120

import errno
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from faults import Faults  # noqa: E402
from slot import File, Slot, body_of, part  # noqa: E402

DISK = 256  # MiB, sparse


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=False)


class Disk:
    """A small ext4 of our own, in this mount namespace alone."""

    def __init__(self, slot):
        self.image = os.path.join(slot.folder, "disk.img")
        self.at = os.path.join(slot.folder, "disk")
        os.mkdir(self.at)
        with open(self.image, "wb") as f:
            f.truncate(DISK << 20)
        for argv in (("mkfs.ext4", "-q", "-F", self.image), ("mount", "-o", "loop,errors=remount-ro", self.image, self.at)):
            done = run(*argv)
            if done.returncode != 0:
                print(f"needs a loop device: {done.stderr}")
                slot.stop()
                shutil.rmtree(slot.folder, ignore_errors=True)
                sys.exit(77)
        os.chmod(self.at, 0o711)

    def mount(self, *options):
        return run("mount", "-o", ",".join(options), self.image, self.at).returncode

    def repair(self):
        assert run("umount", self.at).returncode == 0, "somebody has it open still"
        assert run("e2fsck", "-fp", self.image).returncode in (0, 1)
        assert self.mount("loop") == 0

    def close(self):
        run("umount", self.at)


def refused(slot):
    """At the head: the body isn't waited for; and to a browser that sends it nevertheless."""
    head = (f"POST /submit HTTP/1.1\r\nHost: {slot.host}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            "Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n").encode()
    body, kind = body_of([part("message", b"m" * 1000)])
    for page in (slot.raw(head, timeout=20), slot.post(body, kind, "/submit")):
        assert page is not None and page.status in (503, 507), page and f"{page.status} {page.text}"
    return page


def begun(slot, letter):
    """An upload in the middle of its body: the open connection, and the rest."""
    form = slot.form()
    body, kind = body_of(form.parts(letter, [File("a", b"y" * 200_000)]))
    s = slot.connection()
    s.putrequest("POST", form.action)
    s.putheader("Content-Type", kind)
    s.putheader("Content-Length", str(len(body)))
    s.endheaders()
    s.send(body[:100_000])
    return s, body[100_000:]


def finish(s, rest):
    s.send(rest)
    r = s.getresponse()
    r.read()
    s.close()
    return r.status


def scene(slot, disk):
    slot.serve()
    assert slot.upload("before", [File("a", b"x" * 100_000)]).status == 200
    stored = slot.stored()
    assert run("mount", "-o", "remount,ro", disk.at).returncode != 0, "the kernel takes it away from who writes"
    s, rest = begun(slot, "in the middle")
    assert run("mount", "-o", "remount,abort", disk.at).returncode == 0
    status = finish(s, rest)
    assert status in (503, 507), f"a receipt, or worse: {status}"
    page = refused(slot)
    print(f"read-only: {status} in the middle, then {page.status} {page.h1}")
    slot.wait_for(503)  # the form is closed
    said = slot.sealslotd("status", status=None)
    assert said.returncode != 0 and "written" in said.stdout + said.stderr, said
    assert slot.get("/how").status == 200, "front has ended"
    slot.stop()
    disk.repair()
    slot.start()
    assert slot.stored() == stored, "it has lost what had a receipt, or kept what had none"
    assert slot.upload("after").status == 200
    slot.sealslotd("check")
    assert len(slot.carry()) == 2
    print("put right: all is there, and more is taken")


def comes_back(slot):
    """One that is put right under the running server: the form is open again by itself."""
    faults = Faults(slot.build, slot.folder)
    slot.env = faults.env()
    slot.serve()
    faults.set("sealslotd-store", "openat", "fail", error=errno.EROFS, lasting=True)
    refused(slot)
    slot.wait_for(503)
    faults.clear()
    slot.wait_for(200)
    assert slot.upload("after").status == 200 and len(slot.stored()) == 1
    slot.stop()
    print("put right while it serves: the form is open again")


def main():
    if os.environ.get("SEALSLOT_OWN_MOUNTS") is None:
        if os.getuid() != 0:
            print("needs root")
            sys.exit(77)
        os.environ["SEALSLOT_OWN_MOUNTS"] = "1"
        os.execvp("unshare", ["unshare", "-m", sys.executable, os.path.abspath(__file__), *sys.argv[1:]])
    with Slot(sys.argv[1]) as slot:
        comes_back(slot)
    with Slot(sys.argv[1]) as slot:
        disk = Disk(slot)
        slot.store = os.path.join(disk.at, "store")
        slot._conf["store"]["path"] = slot.store
        try:
            scene(slot, disk)
            slot.stop()
        finally:
            if slot.server is not None:
                print(slot.log_text())
                slot.stop()
            disk.close()


main()
