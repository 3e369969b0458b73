#!/usr/bin/env python3
"""Keys change at 00:00 UTC in a running server, under an upload that goes on; without a key, or with a clock that can't be
trusted, nothing is taken; a server that has gone back is shown in red.
"""
# builds: sanitize
# time limit: 300

import os
import re
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from calendar_clock import Calendar, spoken
from slot import File, Slot, body_of

START = "2027-12-25"  # epochs of a week: the first one ends with the year
RED = "\033[1;31m"


def check(condition, what):
    if not condition:
        raise SystemExit("FAILED: " + what)


def step(what):
    print("==", what, flush=True)


def wait_for(what, condition):
    deadline = time.monotonic() + 30
    while not condition():
        check(time.monotonic() < deadline, "after 30 s still not: " + what)
        time.sleep(0.05)


def wait_for_day(slot, day):
    wait_for(f"the keys of {day}", lambda: f" {spoken(day)}," in slot.get("/fingerprints").text)


def carry(slot, name):
    bundle = os.path.join(slot.folder, name)
    slot.sealslotd("export", bundle)
    return slot.desk.review("import", bundle, status=None)


def begin_upload(slot, message):
    """A connection with half of an upload in it, and the other half."""
    form = slot.form()
    body, content_type = body_of(form.parts(message, [File("a.bin", os.urandom(300_000))]))
    s = socket.create_connection(("127.0.0.1", slot.port), 60)
    s.sendall(f"POST {form.action} HTTP/1.1\r\nHost: {slot.host}\r\nContent-Type: {content_type}\r\n"
              f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body[:len(body) // 2])
    return s, body[len(body) // 2:]


def end_upload(s, rest):
    s.sendall(rest)
    answer = b""
    while data := s.recv(65536):
        answer += data
    s.close()
    return answer


def midnight(slot, calendar):
    step("an upload that runs over midnight keeps the key that it began with; the next one has the new key")
    calendar.go("2027-12-31", 23, 59)
    wait_for_day(slot, "2027-12-31")
    s, rest = begin_upload(slot, "from one year to the next")
    time.sleep(1)  # so that it is being sealed
    calendar.go("2028-01-01", 0, 0)
    wait_for_day(slot, "2028-01-01")
    page = slot.upload("in the new year")
    check(page.status == 200, page.text)
    answer = end_upload(s, rest)
    check(answer.startswith(b"HTTP/1.1 303"), answer[:200].decode(errors="replace"))
    slot.desk.review("init", "--keys", slot.desk.keys)
    said = carry(slot, "one.tar")
    items = {i["epoch"]: i for i in slot.desk.items()}
    check(set(items) == {1, 2}, said.stdout + said.stderr)
    check(all(i["flags"] == [] and i["state"] == "opened" for i in items.values()), str(items))
    check("from one year" in slot.desk.review("show", items[1]["id"]).stdout, "the old key's letter")
    check("in the new year" in slot.desk.review("show", items[2]["id"]).stdout, "the new key's letter")


def served(slot):
    step("/keys and /keys.minisig are what the root key signed")
    for name in ("keys", "keys.minisig"):
        page = slot.get("/" + name)
        check(page.status == 200 and page.headers["Content-Type"].startswith("text/plain"), name)
        with open(os.path.join(slot.folder, name), "wb") as f:
            f.write(page.body)
    subprocess.run(["minisign", "-Vq", "-p", os.path.join(slot.desk.keys, "root.pub"), "-m",
                    os.path.join(slot.folder, "keys"), "-x", os.path.join(slot.folder, "keys.minisig")], check=True)


def closed(slot):
    """Neither the form nor an upload."""
    page = slot.get("/")
    body, content_type = body_of([b'Content-Disposition: form-data; name="message"\r\n\r\nx'])
    answer = slot.request("POST", "/submit", body, {"Content-Type": content_type})
    return page.status == 503 and answer.status == 503


def clocks(slot, calendar):
    step("two days back, forty days ahead: 503, until an admin says that the clock is right")
    calendar.go("2028-01-01")
    slot.wait_for(200)
    calendar.go("2027-12-30")
    wait_for("503 with a clock that went back", lambda: closed(slot))
    status = slot.sealslotd("status", status=3)
    check("warning: The date jumped" in status.stdout, status.stdout)
    calendar.go("2028-01-01")
    slot.wait_for(200)
    calendar.go("2028-02-10")
    wait_for("503 with a clock forty days ahead", lambda: closed(slot))
    calendar.go("2028-01-02")
    slot.wait_for(200)
    slot.desk.key_tool("schedule", "--epochs", "20")
    slot.publish()
    calendar.go("2028-02-10")
    wait_for("503, also with keys for that day", lambda: closed(slot))
    slot.sealslotd("clock-ok")
    wait_for_day(slot, "2028-02-10")
    slot.wait_for(200)
    check('"clock_oks":1' in slot.sealslotd("status", "--json", status=None).stdout, "counted")


def ended(slot, calendar):
    step("fewer than 30 days: status says so, with an exit code for cron; without a key: 503, never an old one")
    calendar.go("2028-03-05")
    wait_for_day(slot, "2028-03-05")
    end = slot.desk.key_tool("schedule", "--epochs", "1").stdout
    check("Nothing was missing" in end, end)
    days = int(re.search(r"(\d+) days left", slot.sealslotd("status", status=None).stdout)[1])
    while days >= 30:  # a long holiday at once would be a clock that jumped
        calendar.days(min(29, days - 29))
        wait_for_day(slot, calendar.today)
        days = int(re.search(r"(\d+) days left", slot.sealslotd("status", status=None).stdout)[1])
    status = slot.sealslotd("status", status=3)
    check("uploads will be refused: make and publish" in status.stdout, status.stdout)
    calendar.days(days)
    wait_for("503 without a key", lambda: closed(slot))
    slot.desk.key_tool("schedule", "--epochs", "8")
    slot.publish()
    slot.wait_for(200)
    check(slot.upload("with the new keys").status == 200, "an upload after that")


def gone_back(slot, calendar):
    step("a server put back to an older state: red in the vault, plain marks where there is no terminal")
    serial = int(re.search(r"\nserial: (\d+)\n", slot.get("/keys").text)[1])
    carry(slot, "before.tar")
    slot.desk.key_tool("schedule", "--epochs", "12")
    slot.publish()
    slot.upload("under the newest schedule")
    check(carry(slot, "newest.tar").returncode == 0, "import")
    calendar.days(1)
    wait_for_day(slot, calendar.today)
    slot.stop()
    for ext in ("txt", "txt.minisig"):
        os.unlink(os.path.join(slot.store, "keys", f"keys-{serial + 1:04}.{ext}"))
    slot.start()
    slot.upload("under an older schedule again")
    said = carry(slot, "back.tar")
    check(said.returncode == 1 and f"used key schedule {serial} although it had schedule {serial + 1}" in said.stdout,
          said.stdout + said.stderr)
    old = [i for i in slot.desk.items() if i["flags"] == ["old-schedule"]]
    check(len(old) == 1 and old[0]["schedule"] == serial, str(slot.desk.items()))
    listed = slot.desk.review("list").stdout
    check("DOESN'T FIT: see show" in listed and "ALARM 1" in listed and "\033" not in listed, listed)
    shown = slot.desk.review("show", old[0]["id"]).stdout
    check("!! It was sealed under an older key schedule than others before it." in shown and "\033" not in shown, shown)
    for verb, words in (("list", "DOESN'T FIT"), ("show", "!! It was sealed under an older")):
        args = " ".join([verb, slot.desk.vault, *([old[0]["id"]] if verb == "show" else []), *slot.passphrase])
        on_terminal = subprocess.run(["script", "-qec", f"{slot.build}/client/sealslot-review {args}", "/dev/null"],
                                     capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
                                     env={**os.environ, "TERM": "xterm"}).stdout
        check(RED + words in on_terminal, repr(on_terminal))


def main():
    with Calendar(START) as calendar:
        with Slot(sys.argv[1]) as slot:
            slot.desk.key_tool("init", "--instance", slot.instance)
            slot.run("tests/interop/cheap_unlock", slot.desk.keys, slot.passphrase[1])
            slot.desk.key_tool("schedule", "--inbox", "tips=Tips", "--days", "7", "--epochs", "3")
            shutil.copy(os.path.join(slot.desk.keys, "root.pub"), os.path.join(slot.folder, "root.pub"))
            slot.write_conf()
            slot.sealslotd("init")
            slot.publish()
            slot.start()
            midnight(slot, calendar)
            served(slot)
            clocks(slot, calendar)
            ended(slot, calendar)
            gone_back(slot, calendar)
    print("ok")


main()
