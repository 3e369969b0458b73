"""Small disks need the right to mount them; not everybody who may run the tests has it."""

import os
import subprocess
import sys
import tempfile


def may_mount():
    """A missing tool is no reason to skip: then this fails."""
    with tempfile.TemporaryDirectory() as where:
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", where], capture_output=True, check=False).returncode != 0:
            return False
        subprocess.run(["umount", where], check=True)
        return True


def skip(what):
    """Ends the test, as one that was skipped."""
    print(f"skipped: {what}: needs the right to mount a tmpfs (root, or CAP_SYS_ADMIN in a container)")
    sys.exit(77)


class Disk:
    """A disk image of some MiB (sparse) with a file system of its own, mounted at a new folder.

    with Disk(slot.folder + "/disk", 300, ["mkfs.xfs", "-q"]) as path:
    """

    def __init__(self, at, mib, mkfs, mount="mount"):
        self.at, self.image, self.mount = at, at + ".img", mount
        os.mkdir(at)
        with open(self.image, "wb") as f:
            f.truncate(mib << 20)
        subprocess.run([*mkfs, self.image], capture_output=True, check=True)

    def __enter__(self):
        if not may_mount():
            skip(self.mount)
        self.device = subprocess.run(["losetup", "--find", "--show", self.image], capture_output=True, text=True,
                                     check=True).stdout.strip()
        try:
            subprocess.run([self.mount, self.device, self.at], check=True, capture_output=True)
        except subprocess.CalledProcessError:
            subprocess.run(["losetup", "--detach", self.device], check=True)
            raise
        return self.at

    def __exit__(self, *unused):
        subprocess.run(["umount", self.at], check=True)
        subprocess.run(["losetup", "--detach", self.device], check=True)
