"""Makes the seeds of the targets in which a process that was taken over speaks (peer.h).

    python3 peer_seeds.py CORPUS        what is called found-NN there, libFuzzer has found
"""

import os
import re
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NONE, SEALED, UNSEALED, PIPE, NULL, TWO, OWN, TRUE = range(8)
FORMAT, CLOSED, USAGE = 9, 20, 25  # of enum err


def numbers():
    """The ops by their names in server/wire/op.h."""
    with open(os.path.join(HERE, "../../server/wire/op.h")) as f:
        listed = re.search(r"enum op \{(.*?)\};", f.read(), re.S)[1]
    names = re.findall(r"\bOP_(\w+)\b(?= = 1,|,)", re.sub(r"/\*.*?\*/", "", listed, flags=re.S))
    return {name: i + 1 for i, name in enumerate(names)}


OPS = numbers()


def step(op, ref=0, body=b"", how=0, fd=NONE, content=b"", claimed=None):
    head = struct.pack("<BBHB", OPS.get(op, op), ref, len(body) if claimed is None else claimed, how | fd << 5)
    return head + body + (struct.pack("<H", len(content)) + content if fd != NONE else b"")


def front_hears_store():
    """fuzz_store_client"""
    begin, signed_in, commit, abort, hear, read, again, close = range(0xF0, 0xF8)
    aborts, commits, begins, keeps = 1, 2, 4, 8
    room, schedule = struct.pack("<QQII", 1 << 30, 1 << 31, 1, 0), struct.pack("<iI", 20100, 3)
    begun = lambda ref: step("BEGUN", ref, fd=NULL)
    return {
        "empty": b"",
        "stored": step(begin) + begun(0) + step(commit) + step(hear) + step("COMMITTED"),
        "signed-in": step(signed_in, how=keeps) + begun(0) + step(commit) + step("COMMITTED"),
        "refused": step(begin) + step("BEGUN", how=19) + step(begin) + begun(1) + step(commit, 1) + step("COMMITTED", 1, how=3),
        "twice": step(begin, how=keeps) + begun(0) + begun(0) + step(commit) + 2 * step("COMMITTED"),
        "late": step(begin) + step(abort) + begun(0) + step("COMMITTED"),
        "too-early": step(begin) + step("COMMITTED") + begun(0) + step("COMMITTED"),
        "other-ref": step(begin) + step("BEGUN", 200, fd=NULL) + step("COMMITTED", 200),
        "reacts": step(begin, how=commits | begins) + begun(0) + step("COMMITTED") + begun(1) + step("COMMITTED", 1),
        "gives-up": step(begin, how=aborts | begins) + begun(0) + step(hear) + begun(1),
        "no-descriptor": step(begin) + step("BEGUN"),
        "two-descriptors": step(begin) + step("BEGUN", fd=TWO),
        "descriptor-with-error": step(begin) + step("BEGUN", how=3, fd=NULL),
        "claims-more": step(begin) + step("ROOM", body=room, claimed=200),
        "blocked": 20 * step(begin) + step(read) + step(hear) + step(read) + 3 * step(abort, 19) + step(hear) + begun(0),
        "another": step(begin, how=begins) + begun(0) + step(begin) + step(again) + step(begin) + begun(2) + step(commit, 2),
        "gone": step(begin) + step(begin, how=commits) + begun(1) + step(close) + step(commit, 1) + step(abort) + step(again) + step(begin),
        "room": step("ROOM", body=room) + step("ROOM", body=bytes(24)),
        "schedule": step("SCHEDULE", fd=TRUE) + step("SCHEDULE", fd=TRUE) + step("SCHEDULE", body=schedule[:4] + bytes(4), how=6),
        "schedule-forged": step("SCHEDULE", body=schedule + b"sig", fd=SEALED, content=b"sealslot-keys 1\n"),
        "schedule-open": step("SCHEDULE", body=schedule + b"sig", fd=UNSEALED, content=b"sealslot-keys 1\n"),
        "schedule-pipe": step("SCHEDULE", body=schedule + b"sig", fd=PIPE),
        "schedule-sig": step("SCHEDULE", body=schedule + b"sig", fd=OWN),
        "schedule-length": step("SCHEDULE", body=schedule + b"si", fd=OWN),
        "others-op": step("NAME", body=bytes(64)),
        "no-op": step(0),
    }


def front_hears_mailbox():
    """fuzz_mailbox_client"""
    take, take_known, issue, drop, give_back, sign_in, look, read, remove, sign_out, cancel, hear, again, close = range(0xF0, 0xFE)
    cancels, issues, begins, signs_out = 1, 2, 4, 8
    name, session, session_is = bytes(range(64)), b"T" * 43 + bytes(9), b"eight words" + bytes(117)

    def text(ref, words, left=0, day=20000):
        return step("TEXT", ref, b"0123456789abcdef" * 2 + bytes(4) + struct.pack("<iI", day, left) + words)

    said = lambda ref=0: step("NAME", ref, name)
    opened = lambda ref=0, how=0: step("SESSION", ref, session, how)
    return {
        "empty": b"",
        "receipt": step(take) + said() + step(issue) + step(hear) + opened() + step(look) + step("SESSION_IS", 1, session_is),
        "signed-in": step(take_known) + said() + step(issue) + opened(how=9),
        "busy": step(take) + step("NAME", how=19) + step(sign_in) + opened(1, 19),
        "dropped": step(take) + step(drop) + said() + step(take) + said(1) + step(give_back, 1) + said(1) + step(issue, 1),
        "twice": step(take) + 2 * said() + step(issue) + 2 * opened(),
        "cancelled": step(look) + step(read) + step(cancel) + step(cancel, 1) + step("SESSION_IS", 0, session_is) + text(1, b"late"),
        "short": step(take) + step("NAME", 0, name[:63]) + step(look) + step("SESSION_IS", 1),
        "wrong-answer": step(look) + said() + opened() + text(0, b"no") + step("REMOVED"),
        "other-ref": step(take) + step("NAME", 200, name) + step("SESSION", 201, session),
        "page": step(read) + text(0, b"Merci. ", 9) + text(0, b"Et encore") + text(0, b"B", 0, 20001) + step("TEXT"),
        "page-cut": step(read) + text(0, b"Merci. ", 9) + step("TEXT", how=20),
        "page-error": step(read) + step("TEXT", how=4),
        "page-nul": step(read) + text(0, bytes(5)) + text(0, b"x", -1 & 0xFFFFFFFF) + step("TEXT"),
        "page-head-only": step(read) + step("TEXT", 0, bytes(44)),
        "page-many": step(read) + 120 * text(0, b"x") + step("TEXT"),
        "page-long": step(read) + text(0, b"x" * (4096 - 44)) + step("TEXT", 0, b"y" * 4097),
        "removed": step(remove) + step("REMOVED") + step(remove) + step("REMOVED", 1, how=6),
        "reacts": step(take, how=issues | begins) + said() + opened() + text(1, b"x", 4) + step("TEXT", 1),
        "gives-up": step(read, how=cancels) + text(0, b"x", 4) + text(0, b"more") + step(take, how=cancels) + said(1),
        "signs-out": step(sign_out) + step(look, how=signs_out) + step("SESSION_IS", 0, session_is) + step(hear),
        "blocked": 20 * step(look) + step(hear) + 3 * step(cancel, 19) + step("SESSION_IS", 0, session_is) + step(hear) + 2 * step(sign_out),
        "another": step(take) + said() + step(read) + step(again) + step(issue) + step(take, how=begins) + said(2),
        "gone": step(take, how=issues) + step(read, how=begins) + step(sign_in) + step(close) + step(drop) + step(again) + step(take),
        "descriptor": step(take) + step("NAME", 0, name, fd=SEALED),
        "others-op": step("REPLIES", fd=SEALED),
    }


def mailbox_hears_both():
    """fuzz_desk"""
    answered, lose_front, lose_store, pass_time = range(0xF0, 0xF4)
    id = b"0123456789abcdef" * 2 + b"\0"
    token = b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq\0"

    def store(op, ref, **more):
        said = step(op, ref, **more)
        return bytes([said[0] | 0x80]) + said[1:]

    def later(seconds):
        return step(pass_time, 255) * (seconds // 255) + step(pass_time, seconds % 255)

    take, issue, drop, give_back = (lambda ref=0, op=op: step(op, ref) for op in ("NAME_TAKE", "NAME_ISSUE", "NAME_DROP", "NAME_GIVE_BACK"))
    own = lambda op, ref=0, session=0, **more: step(op, ref, fd=TRUE, content=bytes([session]), **more)
    receipt = take() + step(answered) + issue()
    reads = receipt + own("LOOK", 1) + own("READ", 2) + own("NAME_TAKE", 3)
    replies = lambda ref=2, name=3, fd=TRUE: store("REPLIES", ref, fd=fd, content=bytes([name]))
    return {
        "empty": b"",
        "receipt": receipt + own("LOOK", 1) + own("NAME_TAKE", 2) + issue(2),
        "sign-in": receipt + own("SIGN_IN", 1) + step(answered) + own("LOOK", 2, 1) + own("NAME_TAKE", 3, 1),
        "sign-in-many": receipt + 40 * own("SIGN_IN", 1) + step(lose_front) + own("SIGN_IN", 1),
        "sign-in-words": step("SIGN_IN", 1, b"abacus zzzz abacus") + step("SIGN_IN", 1, b"Abacus-abdomen, 3. " * 30),
        "sign-out": receipt + own("SIGN_OUT") + own("LOOK", 1) + own("READ", 2) + own("REMOVE", 3) + own("NAME_TAKE", 4),
        "guessed": receipt + step("LOOK", 1, token) + step("READ", 2, token) + step("REMOVE", 3, token + id) + step("LOOK", 1, bytes(44)),
        "given-back": take() + step(answered) + give_back() + give_back() + issue() + b"".join(take(i) for i in range(1, 8)),
        "dropped": take() + drop() + issue() + take() + take() + step(answered) + issue(9),
        "pool-empty": b"".join(take(i) for i in range(12)) + drop(11) + give_back(10) + own("NAME_TAKE", 9) + step(answered),
        "pool-waits": b"".join(take(i) for i in range(30)) + later(5) + step(answered) + issue(29),
        "read": reads + replies() + step("READ_MORE", 2) + step("READ_MORE", 2),
        "read-twice": reads + own("READ", 2) + replies() + own("READ", 2) + replies() + 2 * step("READ_MORE", 2),
        "read-others": receipt + take(1) + step(answered) + own("READ", 2) + replies(2, 1) + step("READ_MORE", 2),
        "read-nothing": reads + store("REPLIES", 2, fd=SEALED) + step("READ_MORE", 2),
        "read-broken": reads + store("REPLIES", 2, fd=SEALED, content=id + bytes(3) + struct.pack("<I", 9999) + b"sealed"),
        "read-open": reads + store("REPLIES", 2, fd=UNSEALED, content=b"x") + own("READ", 2) + store("REPLIES", 2, fd=PIPE),
        "read-error": reads + store("REPLIES", 2, how=1) + store("REPLIES", 2, how=1) + step("READ_MORE", 2),
        "read-not-asked": replies(2) + store("REPLIES", 3, how=4) + store("REPLIES_REMOVED", 7),
        "read-filled-error": reads + replies() + store("REPLIES", 2, how=4) + step("READ_MORE", 2),
        "read-many": receipt + b"".join(own("READ", i) for i in range(1, 40)) + step(lose_store),
        "read-never": reads + later(21) + replies() + own("READ", 2),
        "removed": receipt + own("REMOVE", 5) + store("REPLIES_REMOVED", 5) + step("REMOVE", 6, bytes(77), fd=OWN, content=b"\0"),
        "front-lost": reads + step(lose_front) + issue() + step("READ_MORE", 2) + own("READ", 2) + replies(),
        "store-lost": reads + own("REMOVE", 5) + step(lose_store) + own("READ", 2) + own("READ", 4) + step(lose_store),
        "over": receipt + later(15 * 60) + own("LOOK", 1) + own("SIGN_IN", 1),
        "in-use": receipt + 2 * (later(14 * 60) + own("LOOK", 1)) + own("SIGN_IN", 1),
        "others-op": step("NAME") + store("LOOK", 0) + step("LOOK", 1, bytes(44)),
        "descriptor": step("NAME_TAKE", 0, fd=SEALED) + store("REPLIES", 0, fd=TWO),
    }


def store_hears_admin():
    """fuzz_admin_side"""
    connect, leave, repair = range(0xF0, 0xF3)
    true = lambda op, ref=0, body=b"": step(op, ref, body, fd=TRUE)
    listed = lambda ref=0, since=0, until=30000: step("EXPORT_LIST", ref, struct.pack("<ii", since, until))
    sign = lambda ref=0, volume=1, volumes=1: true("EXPORT_SIGN", ref, struct.pack("<II", volume, volumes))
    mend = lambda what, digit=b"1", end=b"\0": step("MEND", fd=SEALED, content=digit * 32 + end + bytes(3) + struct.pack("<I", what))
    answers = true("ANSWERS")
    return {
        "empty": b"",
        "look": step("STATUS") + step("CHECK") + step("SNAPSHOT") + step("ALARMS_SEEN"),
        "clock": step("CLOCK_OK") + step("STATUS"),
        "publish": true("PUBLISH"),
        "publish-forged": step("PUBLISH", 0, b"untrusted comment: x\n", fd=OWN) + step("PUBLISH", 0, b"x", fd=UNSEALED, content=b"y"),
        "export": listed() + sign() + step("EXPORT_DONE") + step("STATUS"),
        "export-volumes": listed() + sign(0, 1, 2) + sign(0, 2, 2) + step("EXPORT_DONE"),
        "export-nothing": listed(0, 30000) + step("EXPORT_SIGN", 0, struct.pack("<II", 1, 1), fd=SEALED) + step("EXPORT_DONE"),
        "export-two": listed() + listed(1) + step(leave) + listed(1) + sign(1) + step("EXPORT_DONE", 1),
        "export-raced": listed() + sign() + step(leave) + listed(1) + sign(1) + step("EXPORT_DONE", 1) + step("EXPORT_DONE"),
        "export-unasked": sign() + step("EXPORT_DONE", 1) + listed(2) + step("EXPORT_DONE", 2),
        "export-volume-0": listed() + sign(0, 0, 1) + sign(0, 2, 1) + sign(0, 1, 10000),
        "export-lies": listed() + step("EXPORT_SIGN", 0, struct.pack("<II", 1, 1), fd=SEALED, content=b"1" * 32 + bytes(84)) + sign(),
        "export-odd": listed() + step("EXPORT_SIGN", 0, struct.pack("<II", 1, 1), fd=SEALED, content=b"1" * 33),
        "export-pipe": listed() + step("EXPORT_SIGN", 0, struct.pack("<II", 1, 1), fd=PIPE),
        "answers": answers + true("ANSWERS_HASHES") + step("STATUS") + step("ALARMS_SEEN"),
        "answers-twice": answers + answers + true("ANSWERS_HASHES") + true("ANSWERS_HASHES"),
        "answers-two": answers + true("ANSWERS", 1) + true("ANSWERS_HASHES", 1) + true("ANSWERS_HASHES"),
        "answers-hashes-missing": answers + step("ANSWERS_HASHES", fd=SEALED) + step("STATUS"),
        "answers-hashes-wrong": answers + step("ANSWERS_HASHES", fd=SEALED, content=(b"1" * 32 + bytes(25) + b"\1") * 2),
        "answers-forged": step("ANSWERS", 0, struct.pack("<II", 9, 9), fd=SEALED, content=b"sealslot-answers 1") + step("STATUS"),
        "answers-lengths": step("ANSWERS", 0, struct.pack("<II", 1 << 31, 1 << 31), fd=OWN) + step("ANSWERS", 0, bytes(8), fd=OWN),
        "mend-not": mend(0) + mend(1),
        "mend": step(repair) + mend(2) + mend(1) + mend(0, b"2") + step("CHECK") + step("STATUS"),
        "mend-twice": step(repair) + mend(1) + mend(1) + mend(0) + listed() + sign(),
        "mend-names": step(repair) + mend(1, b"/") + mend(1, b".") + mend(2, b"1", b"1") + mend(3) + mend(0, b"A"),
        "many": b"".join(step(connect, i) for i in range(12)) + step("STATUS", 3),
        "gone": answers + step(leave) + listed(1) + step(leave, 1) + step(connect, 1),
        "others-op": step("BEGIN", 0, bytes(16)) + step("GO", 1, bytes(8)) + step("STATUS", 2, fd=NULL),
        "claims-more": step("EXPORT_LIST", 0, bytes(8), claimed=200),
    }


def verb_hears_store():
    """fuzz_link"""
    status_asked, clock_ok, publish, listing, signing, check, snapshot, answers, hashes = range(9)

    def row(digit=b"1", inbox=b"tips", day=20000, size=12, has_hash=1, end=b"\0"):
        return (digit * 32 + end + inbox.ljust(25, b"\0") + bytes([has_hash]) + bytes(5) + struct.pack("<iIQ", day, 1, size) + b"h" * 32)

    def status(today=20000, root=b"RWQ" + b"a" * 53, wait=0, alarm=bytes(33)):
        days = struct.pack("<iiii", today, today, 19990, 20300)
        alarms = (struct.pack("<Ii", 1, 20000) + alarm + bytes(7)) + 4 * bytes(48)
        body = struct.pack("<QQQQ", 2, 24, 1 << 30, 0) + days + struct.pack("<IIIIi", 1, 0, 0, 1, 20000)
        body += root.ljust(57, b"\0") + bytes([1, 1, wait, 0]) + bytes(7) + alarms
        return body.ljust((len(body) + 7) // 8 * 8, b"\0")

    said = lambda body=status(): step("STATUS_IS", status_asked, body)
    rows = lambda *all, ref=listing, op="EXPORT_ITEMS", fd=SEALED: step(op, ref, fd=fd, content=b"".join(all))
    return {
        "empty": b"",
        "status": said() + said(status(wait=2)) + said(status(alarm=b"1" * 32 + b"\0")),
        "status-lies": said(status(today=-1)) + said(status(root=b"x" * 57)) + said(status(wait=9)),
        "status-alarms": said(status(alarm=b"/" * 33)) + said(status(alarm=b"1" * 33)) + said(status(alarm=b"A" * 32 + b"\0")),
        "result": step("RESULT", clock_ok) + step("RESULT", publish, b"It says why.", 9) + step("RESULT", listing, b"full", 3),
        "result-words": step("RESULT", publish, b"\x1b[2J\x07\0\xff\n", 9) + step("RESULT", snapshot, b"x" * 512, 4),
        "result-for-more": step("RESULT", listing) + step("RESULT", status_asked) + step("RESULT", publish, b"", 9),
        "turn": said()[:1] + b"\5" + said()[2:] + rows(row(), ref=check) + step("SNAPSHOT_IS", listing, fd=SEALED),
        "rows": rows(row(), row(b"2")) + rows() + step("CHECK_IS", check, bytes(24), fd=SEALED, content=row()),
        "rows-order": rows(row(b"2"), row(b"1")) + rows(row(), row()),
        "rows-names": rows(row(b"/")) + rows(row(b".")) + rows(row(end=b"1")) + rows(row(b"A")) + rows(row(inbox=b"../x")) + rows(row(inbox=b"x" * 25)),
        "rows-numbers": rows(row(day=-1)) + rows(row(day=1 << 30)) + rows(row(size=1 << 62)) + rows(row(has_hash=2)),
        "rows-odd": rows(row()[:-1]) + rows(row() + b"x") + rows(row(), fd=UNSEALED) + rows(row(), fd=PIPE) + rows(row(), fd=TWO),
        "index": step("EXPORT_INDEX", signing, struct.pack("<II", 1, 4), fd=SEALED, content=b"text") + step("SNAPSHOT_IS", snapshot, fd=NULL),
        "answers": rows(row(), ref=answers, op="ANSWERS_NEED") + step("ANSWERS_TAKEN", hashes, struct.pack("<IIIII", 1, 1, 1, 0, 0)),
        "closed": step(0, status_asked) + step("BEGUN", listing, fd=NULL) + step("EXPORT_ITEMS", listing),
    }


SEEDS = {"link": verb_hears_store, "admin_side": store_hears_admin, "desk": mailbox_hears_both, "mailbox_client": front_hears_mailbox, "store_client": front_hears_store}


def main():
    for target, seeds in SEEDS.items():
        folder = os.path.join(sys.argv[1], target)
        os.makedirs(folder, exist_ok=True)
        for name, data in seeds().items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)


main()
