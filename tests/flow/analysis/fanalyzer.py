"""gcc -fanalyzer over the product: no finding that isn't explained in fanalyzer.txt.

It follows paths through a function and what it calls: a descriptor or memory that is lost, used after its end, or twice given back.
"""

# builds: release
# time limit: 300
# alone

import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../../.."))
GCC = "12"  # Debian 12's; fanalyzer.txt is about what this one says
PRODUCT = ("keys/", "server/", "client/")
BAD = "#include <stdlib.h>\nint f(void);\nint f(void) { int *p = malloc(4); if (p == NULL) return 1; free(p); free(p); return 0; }\n"


def commands(build):
    """(file, argv) for each source of the product, once."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        for c in {x["file"]: x for x in json.load(f)}.values():
            name = os.path.relpath(os.path.join(c["directory"], c["file"]), ROOT)
            if name.startswith(PRODUCT) and not name.endswith("_test.c"):
                yield name, shlex.split(c["command"]), c["directory"]


def analyze(name, argv, folder):
    """{"file: -Wanalyzer-kind: function"}"""
    at = argv.index("-o")
    argv = ["gcc"] + [a for a in argv[1:at] if a not in ("-MD", "-Werror") and not a.startswith("-O")] + \
        ["-O1", "-fanalyzer", "-fdiagnostics-path-format=none", "-fdiagnostics-color=never", "-S", "-o", "/dev/null"] + argv[at + 3:]
    argv = [a for i, a in enumerate(argv) if a not in ("-MQ", "-MF") and (i == 0 or argv[i - 1] not in ("-MQ", "-MF"))]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False)
    if done.returncode != 0:
        return {f"{name}: {done.stderr}"}
    found, function = set(), "?"
    for line in done.stderr.splitlines():
        if m := re.search(r"In function '(\w+)'", line):
            function = m[1]
        elif m := re.search(r"warning: .*\[(?:CWE-\d+\] \[)?(-Wanalyzer-[\w-]+)\]", line):
            found.add(f"{name}: {m[1]}: {function}")
    return found


def explained():
    with open(os.path.join(HERE, "fanalyzer.txt"), encoding="utf-8") as f:
        return {line.strip() for line in f if line.strip() and not line.startswith("#")}


def finds_something():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bad.c")
        with open(path, "w", encoding="ascii") as f:
            f.write(BAD)
        return analyze("bad.c", ["cc", "-o", "x", "-c", path], folder)


def main():
    version = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True, check=False).stdout if shutil.which("gcc") else ""
    if version.strip() != GCC:
        print(f"needs gcc {GCC}: another one finds other things")
        sys.exit(77)
    work = list(commands(os.path.abspath(sys.argv[1])))
    assert len(work) > 100, f"only {len(work)} files"
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = set().union(*pool.map(lambda c: analyze(*c), work))
    known = explained()
    for line in sorted(found - known):
        print(line)
    assert found <= known, "findings that nobody has explained"
    assert known <= found, f"explained, and not found any more: {sorted(known - found)}"
    assert finds_something() == {"bad.c: -Wanalyzer-double-free: f"}, "it finds nothing at all"
    print(f"{len(work)} files, {len(found)} findings, all explained")


main()
