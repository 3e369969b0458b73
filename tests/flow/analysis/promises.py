"""SECURITY.md names a test for each promise: each of them exists, and is run."""

import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")


def missing(text):
    """Named tests that aren't there; promises that name none."""
    named = re.findall(r"`(tests/[\w/.]+\.\w+)`", text)
    bad = [n for n in named if not os.path.isfile(os.path.join(ROOT, n))]
    table = text.partition("| promise |")[2].partition("\n\n")[0].splitlines()[2:]
    return bad + [row for row in table if "`tests/" not in row], len(named), len(table)


def main():
    with open(os.path.join(ROOT, "SECURITY.md"), encoding="utf-8") as f:
        text = f.read()
    bad, named, promises = missing(text)
    assert not bad, f"SECURITY.md: {bad}"
    assert named >= 20 and promises >= 12, (named, promises)
    for invariant in os.listdir(os.path.join(ROOT, "tests/flow/invariants")):
        if invariant.endswith(".py"):
            assert f"tests/flow/invariants/{invariant}" in text, f"SECURITY.md doesn't say what {invariant} shows"
    assert missing(text.replace("no_key.py", "no_such.py"))[0], "a name that is wrong isn't noticed"
    print(f"{promises} promises, {named} tests named")


main() if len(sys.argv) > 1 else sys.exit("usage: promises.py BUILD")
