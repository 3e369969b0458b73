"""Makes the seeds of fuzz_zip_read: real archives, and their relatives, in its short form.

    python3 zip_seeds.py SEAL_FILE DIR      SEAL_FILE: the program in tests/interop
"""

import os
import struct
import subprocess
import sys
import tempfile
import zlib

LITERAL_MAX = 65535
MERGE = 16  # zeros that are cheaper as literals
BLOCK = 8192


def shorten(zip_bytes):
    """LEN u16 | bytes | ZEROS u40 for each stretch of bytes with zeros behind it."""
    out, at = b"", 0
    while at < len(zip_bytes):
        gap = zip_bytes.find(bytes(MERGE), at)
        end = min(len(zip_bytes) if gap < 0 else gap, at + LITERAL_MAX)
        zeros = 0
        while end + zeros < len(zip_bytes) and zip_bytes[end + zeros] == 0:
            zeros += 1
        out += struct.pack("<H", end - at) + zip_bytes[at:end] + zeros.to_bytes(5, "little")
        at = end + zeros
    return out


def sealed(seal_file, contents):
    with tempfile.TemporaryDirectory() as d:
        paths = []
        for i, content in enumerate(contents):
            paths.append(os.path.join(d, f"f{i}"))
            with open(paths[-1], "wb") as f:
                f.write(content)
        return subprocess.check_output([seal_file, "-z", "-m", paths[0], *paths[1:]])


def crc_of_zeros(n):
    crc, block = 0, bytes(1 << 20)
    while n > 0:
        crc = zlib.crc32(block[:n], crc)
        n -= min(n, len(block))
    return crc


def large(size):
    """A zip64 archive as far as the records go; the blocks of the large member have no headers."""
    runs, offset, directory = [], 0, b""

    def put(data, zeros=0):
        nonlocal offset
        runs.append(struct.pack("<H", len(data)) + data + zeros.to_bytes(5, "little"))
        offset += len(data) + zeros

    for name, n in ((b"message.txt", size), (b"manifest.json", 0)):
        packed, start, crc = n + 5 * max(1, -(-n // BLOCK)), offset, crc_of_zeros(n)
        extra = b"".join(v.to_bytes(8, "little") for v in (n, packed, start) if v >= 0xFFFFFFFF)
        extra = struct.pack("<HH", 1, len(extra)) + extra if extra else b""
        put(struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0x808, 8, 0, 0x21, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), 20)
            + name + struct.pack("<HHQQ", 1, 16, 0, 0), packed if n else 0)
        put((b"" if n else b"\x01\x00\x00\xff\xff") + struct.pack("<IIQQ", 0x08074B50, crc, packed, n))
        directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0x32D, 45, 0x808, 8, 0, 0x21, crc,
                                 min(packed, 0xFFFFFFFF), min(n, 0xFFFFFFFF), len(name), len(extra), 0, 0, 0,
                                 0o100600 << 16, min(start, 0xFFFFFFFF)) + name + extra
    base = offset + 58 + len(directory) + 82 + 98
    step = 1 << (base.bit_length() - 1 - 6)
    total = -(-base // step) * step
    zeros, start = total - base, offset
    crc = crc_of_zeros(zeros)
    put(struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0x800, 0, 0, 0x21, crc, 0xFFFFFFFF, 0xFFFFFFFF, 8, 20)
        + b".padding" + struct.pack("<HHQQ", 1, 16, zeros, zeros), zeros)
    directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0x32D, 45, 0x800, 0, 0, 0x21, crc, 0xFFFFFFFF,
                             0xFFFFFFFF, 8, 28, 0, 0, 0, 0o100600 << 16, 0xFFFFFFFF) + b".padding"
    directory += struct.pack("<HHQQQ", 1, 24, zeros, zeros, start)
    at = offset
    put(directory + struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 0x32D, 45, 0, 0, 3, 3, len(directory), at)
        + struct.pack("<IIQI", 0x07064B50, 0, at + len(directory), 1)
        + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    assert offset == total
    return b"".join(runs)


def main(seal_file, folder):
    seeds = {
        "empty": [b""],
        "message": [b"hello"],
        "file": [b"", b"content"],
        "files": [b"hi", b"", b"x", b"yy"],
        "blocks": [bytes(100000), bytes(BLOCK - 1), bytes(BLOCK), bytes(BLOCK + 1)],
        "many": [b""] + [b"f"] * 12,
        "no-padding": [bytes(262144 - 245 - 94 - 170 - 38 - 22)],
        "next-bucket": [bytes(262144 - 245 - 94 - 170 - 38 - 21)],
    }
    images = {name: shorten(sealed(seal_file, contents)) for name, contents in seeds.items()}
    images["zip64-size"] = large(0x100000001)
    images["zip64-packed"] = large(0xFFD8063A)
    images["zip64-offset"] = large(0xFFD80639)
    images["cut"] = images["files"][:-30]
    images["short"] = images["message"][:100]
    for name, image in images.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(image)


main(*sys.argv[1:])
