"""What the bench writes into BENCHMARKS.md: all targets, the tables of what ran, and not a letter of the prose."""

import os
import re
import sys
import types

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
sys.path.insert(0, os.path.join(ROOT, "tests/bench"))
import bench  # noqa: E402
import report  # noqa: E402
from measure import Series  # noqa: E402


def run_of(done, reached, tables=(), failures=(), cut=()):
    return types.SimpleNamespace(done=done, reached=reached, failures=list(failures), cut=list(cut), runs=7, machine={"memory": "1 GiB", "disk": ""},
                                 tables=[{"scene": s, "title": t, "rows": [{"what": t, "MB/s": Series([3, 1, 2])}], "note": ""} for s, t in tables])


def prose(text):
    """What stands outside of all marks."""
    return re.sub(r"<!-- (\S+): written by .*?<!-- end of \1 -->", "", text, flags=re.S).split()


def row(text, name):
    return [c.strip() for c in next(x for x in text.splitlines() if x.startswith("| " + name)).strip("|").split("|")]


def main():
    with open(os.path.join(ROOT, "BENCHMARKS.md"), encoding="utf-8") as f:
        before = f.read()
    assert len(prose(before)) > 300, "the prose is gone"
    for scene in bench.SCENES:
        assert re.search(r"^\| %s \|" % scene, before, re.M), "the prose doesn't say what the scene %s is" % scene

    # A whole run.
    text = report.put_results(before, run_of(
        ["upload", "many"], {"upload, tmpfs, to nginx plain text": Series([0.7, 0.6, 0.9]), "memory, one upload, all processes, MiB": 20.5,
                             "durable small submissions per second, tmpfs": 4000.0}, [("upload", "First"), ("many", "Second")]))
    assert prose(text) == prose(before), "the prose was changed"
    assert row(text, "First") == ["First", "2.00 (1.00..3.00; 3)"], row(text, "First")
    assert row(text, "upload, tmpfs, to nginx")[1:] == ["0.65", "0.8", "0.70 (0.60..0.90; 3)", "must"]
    assert row(text, "memory, one upload, all")[1:] == ["16", "10", "20.5", "MISSED"]
    assert row(text, "durable small submissions")[1:] == ["300", "1000", "4000", "goal"]
    targets = report.block_of(text, "targets")
    assert all("| %s |" % name in targets for name in report.TARGETS), "a target has no row"
    assert row(text, "upload to OnionShare")[3:] == ["not measured", "NOT MEASURED"]

    # One scene again: its own figures and tables change, the others stay.
    again = report.put_results(text, run_of(["many"], {}, [("many", "Third")], ["many: commits: no such thing"], ["many: small ones"]))
    assert prose(again) == prose(before), "the prose was changed"
    assert row(again, "upload, tmpfs, to nginx") == row(text, "upload, tmpfs, to nginx")
    assert row(again, "durable small submissions")[3:] == ["not measured", "NOT MEASURED"], "a figure of a run that failed now"
    assert "First" in again and "Third" in again and "### Second" not in again
    assert "**Failed:** many: commits: no such thing" in again and "many: small ones" in report.block_of(again, "many")

    # The same once more changes nothing; a mark that is missing is no reason to lose text.
    assert report.put_results(again, run_of(["many"], {}, [("many", "Third")], ["many: commits: no such thing"], ["many: small ones"])) == again
    try:
        report.put_results(again.replace("<!-- end of many -->", ""), run_of(["many"], {}))
    except ValueError:
        pass
    else:
        raise AssertionError("text behind a block without an end was lost")
    print("%d words of prose kept, %d targets" % (len(prose(before)), len(report.TARGETS)))


main() if len(sys.argv) > 1 else sys.exit("usage: tables.py BUILD")
