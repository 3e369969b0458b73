"""Writes the uploads of somebody who tries to forge members of the archive they end up in.

    python3 hostile.py DIR

Each file holds a fake end of its own member (data descriptor with the right CRC and sizes), a fake
manifest.json behind it, a fake central directory and a fake end record, in all the places where a
reader that looks for signatures could find them. DIR/control.zip is an archive that does stream
stored members behind data descriptors, with the same upload in it.
"""

import os
import struct
import sys
import zlib

BLOCK = 8192
FORGED = b'{"forged":true}'


def descriptor(content, long_sizes, packed=None):
    form = "<IIQQ" if long_sizes else "<IIII"
    return struct.pack(form, 0x08074B50, zlib.crc32(content), packed or len(content), len(content))


def local(name, content, flags=0, method=0, data=None):
    data = content if data is None else data
    return struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, flags, method, 0, 0x21, zlib.crc32(content),
                       len(data), len(content), len(name), 0) + name + data


def central(name, content, offset):
    return struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0x32D, 45, 0, 0, 0, 0x21, zlib.crc32(content),
                       len(content), len(content), len(name), 0, 0, 0, 0, 0o100600 << 16, offset) + name


def end(entries, length, offset, comment=0):
    return struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, entries, entries, length, offset, comment)


def end64(entries, length, offset, at):
    return (struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 0x32D, 45, 0, 0, entries, entries, length, offset)
            + struct.pack("<IIQI", 0x07064B50, 0, at, 1))


def forgery(before, long_sizes=True):
    """The end of a member with the content `before`, and what a forger would like to stand behind it."""
    fake = descriptor(before, long_sizes) + local(b"manifest.json", FORGED)
    entry = central(b"manifest.json", FORGED, 0)
    return fake + entry + end64(1, len(entry), len(fake), len(fake) + len(entry)) + end(1, len(entry), len(fake))


def block_forgery(before):
    """The same for a reader that is inside of deflate: a last block, its descriptor, a deflated member."""
    packed = len(before) + 5 * max(1, -(-len(before) // BLOCK))
    deflated = b"\x01" + struct.pack("<HH", len(FORGED), len(FORGED) ^ 0xFFFF) + FORGED
    return (b"\x01\x00\x00\xff\xff" + descriptor(before, True, packed)
            + local(b"manifest.json", FORGED, 0, 8, deflated)
            + central(b"manifest.json", FORGED, 0) + end(1, 59, 0))


def uploads():
    yield "at-once", forgery(b"") + b"rest"
    yield "short-descriptor", b"text" + forgery(b"text", False)
    yield "long-descriptor", b"text" + forgery(b"text", True)
    for size in (BLOCK - 16, BLOCK, BLOCK + 1, 3 * BLOCK):  # across and right behind a block's border
        before = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        yield f"behind-{size}", before + forgery(before) + bytes(100)
        yield f"deflate-{size}", before + block_forgery(before) + bytes(100)
    # in each block the same, so that wherever a reader resumes it finds a header first
    fake = forgery(b"")
    yield "everywhere", (fake + bytes(BLOCK - len(fake))) * 5
    # an end record at the very end of the file, with a comment that would reach to the archive's end
    yield "comment", b"text" + end(0, 0, 0, 0xFFFF)
    yield "only-signatures", b"".join(struct.pack("<I", s) for s in (
        0x08074B50, 0x04034B50, 0x02014B50, 0x06064B50, 0x07064B50, 0x06054B50, 0x08064B50, 0x05054B50)) * 2000


def control(upload):
    """The way not taken: stored members, sizes only behind them."""
    out, directory = b"", b""
    for name, content in ((b"files/001-upload", upload), (b"manifest.json", b'{"honest":true}')):
        head = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 8, 0, 0, 0x21, 0, 0, 0, len(name), 0) + name
        directory += central(name, content, len(out))
        out += head + content + descriptor(content, False)
    return out + directory + end(2, len(directory), len(out))


def main(folder):
    for name, content in uploads():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content)
    with open(os.path.join(folder, "control.zip"), "wb") as f:
        f.write(control(b"text" + forgery(b"text", False)))


main(sys.argv[1])
