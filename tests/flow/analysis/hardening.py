"""How every installed program is hardened: meson leaves out silently what a compiler doesn't know, this test doesn't."""
# time limit: 60

import glob
import json
import os
import platform
import re
import subprocess
import sys
import tempfile

PROGRAMS = 6
CARELESS = "-O0 -no-pie -fno-stack-protector -U_FORTIFY_SOURCE -fcf-protection=none -Wl,-z,norelro -Wl,-z,lazy -Wl,-z,execstack".split()


def readelf(path):
    return subprocess.run(["readelf", "-W", "-h", "-l", "-d", "-n", "--dyn-syms", path], capture_output=True, text=True,
                          check=True, env={**os.environ, "LC_ALL": "C"}).stdout


def features():
    """What must be there, and how readelf says it."""
    wanted = {
        "position independent": r"Type:\s+DYN \(Position-Independent Executable",
        "relocations read-only": r"^\s+GNU_RELRO ",
        "bound at the start": r"\(FLAGS_1\).*\bNOW\b",
        "no code on the stack": r"^\s+GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW\s",
        "stack protector": r" __stack_chk_fail\b",
        "checked calls of the C library": r" __(?!stack_)\w+_chk\b",
    }
    return wanted


def missing(path):
    said = readelf(path)
    return [name for name, pattern in features().items() if not re.search(pattern, said, re.M)] + \
        (["no relocations in code"] if "(TEXTREL)" in said else [])


def without_branch_marks(objects):
    """Those that aren't made for indirect branch tracking and a shadow stack. Of objects: Debian's own start files lack
    the mark, so that a linker leaves it out of every program."""
    if platform.machine() != "x86_64":
        return []
    return [o for o in objects if not re.search(r"x86 feature:.*\bIBT, SHSTK\b", readelf(o))]


def careless_program(folder):
    source, program = os.path.join(folder, "a.c"), os.path.join(folder, "a")
    with open(source, "w", encoding="ascii") as f:
        f.write('#include <string.h>\nint main(int n, char **v) { char b[64]; strcpy(b, v[n - 1]); return b[0]; }\n')
    subprocess.run(["cc", *CARELESS, "-w", "-o", program, source], check=True)
    subprocess.run(["cc", *CARELESS, "-w", "-c", "-o", program + ".o", source], check=True)
    return program


def main():
    build = os.path.abspath(sys.argv[1])
    targets = json.loads(subprocess.check_output(["meson", "introspect", "--targets", build]))
    programs = [t["filename"][0] for t in targets if t["type"] == "executable" and t["installed"]]
    assert len(programs) == PROGRAMS, programs
    for program in programs:
        lacks = missing(program)
        assert not lacks, f"{program} lacks: {', '.join(lacks)}"
    objects = [o for top in ("keys", "server", "client") for o in glob.glob(f"{build}/{top}/**/*.o", recursive=True)
               if not o.endswith("_gen.c.o")]  # generators run while building
    assert len(objects) > 200, len(objects)
    marks = without_branch_marks(objects)
    assert not marks, f"without IBT and SHSTK: {marks}"
    with tempfile.TemporaryDirectory() as folder:
        assert set(missing(careless_program(folder))) == set(features()), "a careless program isn't noticed"
        assert platform.machine() != "x86_64" or without_branch_marks([os.path.join(folder, "a.o")])
    print(f"{len(programs)} programs, {len(objects)} objects; each program has: {', '.join(features())}")


main()
