"""What must never reach a terminal, a page or a file name, held against the tables of Unicode that others carry.

    treacherous.py PROGRAM

PROGRAM prints the code points that text_is_treacherous names. Python knows every
code point's category; perl knows the properties that Python doesn't.
"""

import subprocess
import sys
import unicodedata

PROPERTIES = ["Default_Ignorable_Code_Point", "Bidi_Control", "Noncharacter_Code_Point", "Prepended_Concatenation_Mark"]
# Each property's code points in one line, in hex.
PERL = r"""no warnings;
for my $p (@ARGV) {
    print join(" ", map { sprintf "%x", $_ } grep { chr($_) =~ /\p{$p}/ } 0 .. 0xd7ff, 0xe000 .. 0x10ffff), "\n";
}"""
POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]  # a surrogate is no character


def of_category(*categories):
    return {c for c in POINTS if unicodedata.category(chr(c)) in categories}


def perl_knows():
    run = subprocess.run(["perl", "-e", PERL, *PROPERTIES], capture_output=True, text=True, check=True)
    lines = run.stdout.splitlines()
    assert len(lines) == len(PROPERTIES) and all(lines), "perl doesn't know the properties"
    return {p: {int(c, 16) for c in line.split()} for p, line in zip(PROPERTIES, lines)}


def named(points):
    return ", ".join(f"U+{c:04X} {unicodedata.name(chr(c), '?')}" for c in sorted(points)[:20])


def main():
    said = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True).stdout
    ours = {int(c, 16) for c in said.split()}
    has = perl_knows()
    # Signs that stand around or under digits: they are seen.
    seen = has["Prepended_Concatenation_Mark"]
    must = of_category("Cc", "Cf", "Zl", "Zp", "Co") - seen
    must |= has["Default_Ignorable_Code_Point"] | has["Bidi_Control"] | has["Noncharacter_Code_Point"]
    assert len(must) > 140000 and 0x1D173 in must and 0x202E in must, "the tables aren't Unicode's"
    assert must <= ours, f"not named: {named(must - ours)}"
    # Beyond those nothing but what no character stands at yet.
    more = ours - must - of_category("Cn")
    assert not more, f"named without need: {named(more)}"
    print(f"{len(ours)} code points, Unicode {unicodedata.unidata_version}")


main()
