"""A small disk to fill up needs the right to mount a tmpfs; not everybody who may run the tests has it."""

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
