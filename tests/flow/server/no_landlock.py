"""A kernel without Landlock: the server refuses to start, and says what to do; --allow-no-landlock, and it serves, and says so.

    python3 tests/flow/server/no_landlock.py BUILD
    python3 tests/flow/server/no_landlock.py --run OPTION PROGRAM...     becomes the program, on such a kernel
"""

# builds: release
# time limit: 60

import os
import sys
from errno import ENOSYS

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from callfilter import ALLOW, CallFilter, errno  # noqa: E402
from slot import Failed, File, Slot  # noqa: E402

OPTION = "--allow-no-landlock"


def become(option, argv):
    f = CallFilter(ALLOW)
    for name in ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"):
        assert f.rule(errno(ENOSYS), name), name
    f.load()
    os.execv(argv[0], argv + ([option] if option else []))


class OldKernel(Slot):
    def with_option(self, option):
        self.wrapper = [sys.executable, os.path.abspath(__file__), "--run", option]
        return self

    def pid(self):
        return self.server.pid  # the wrapper becomes the server


def refuses(slot):
    try:
        slot.with_option("").start()
    except Failed as e:
        assert slot.server.wait(30) != 0
        slot.server = None
        said = slot.log_text()
        assert "This kernel has no Landlock" in said and OPTION in said and "serving on" not in said, said
        print(f"refused: {str(e).splitlines()[0]}")
        return
    raise AssertionError("it serves without Landlock, and nobody has allowed that")


def goes_on(slot):
    slot.with_option(OPTION).start()
    assert slot.log_text().count("no Landlock in this kernel: going on without it, as asked") == 3, slot.log_text()
    assert slot.upload("m", [File("a", b"x" * 100_000)]).status == 200
    assert len(slot.stored()) == 1
    slot.stop()
    print("allowed: it serves, and its log says of each process that it has no Landlock")


def with_landlock(slot):
    """The same server on this kernel: it is used, and nothing is said."""
    slot.wrapper = []
    slot.start()
    assert slot.log_text().count("no Landlock in this kernel") == 3, "Landlock wasn't used"
    slot.stop()


def main():
    if sys.argv[1] == "--run":
        become(sys.argv[2], sys.argv[3:])
    with OldKernel(sys.argv[1]) as slot:
        slot.prepare()
        refuses(slot)
        goes_on(slot)
        with_landlock(slot)


main()
