"""A session that ends while an upload into its mailbox runs: the upload still ends with its receipt, in that mailbox."""
# time limit: 120
# builds: release sanitize

import html
import os
import re
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
sys.path.insert(0, HERE)
from slot import Slot, body_of, part
from web import Browser

FILE = b"evidence " * 50_000


def answer_of(s):
    data = b""
    while more := s.recv(65536):
        data += more
    return data.decode()


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        source = Browser(slot)
        receipt = source.submit(source.ask("GET", "/"), slot.form().action, inbox="tips", message="first")
        assert receipt.h1 == "It has arrived", receipt.text
        box = source.ask("GET", "/mailbox")
        assert box.h1 == "Your mailbox" and "/sign-out" in box.text
        send = html.unescape(re.search(r'action="(/mailbox/send[^"]*)"', box.text)[1])
        token = re.search(r'name="token" value="([^"]+)"', box.text)[1].encode()
        body, kind = body_of([part("token", token), part("inbox", b"tips"), part("message", b"second"),
                              part("file", FILE, "a.txt", "text/plain")])
        head = (f"POST {send} HTTP/1.1\r\nHost: {slot.host}\r\nCookie: {source.cookie}\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        with socket.create_connection(("127.0.0.1", slot.port), 60) as s:
            s.sendall(head + body[:len(body) // 2])
            while "have arrived" not in slot.get("/progress?t=" + re.search(r"t=([^&]+)", send)[1]).text:
                pass
            assert source.submit(box, "/sign-out").h1 == "You are signed out"
            assert "/sign-out" not in source.ask("GET", "/mailbox").text, "the session goes on"
            s.sendall(body[len(body) // 2:])
            answer = answer_of(s)
        assert answer.startswith("HTTP/1.1 303 ") and "\r\nLocation: /receipt" in answer, answer
        items = slot.carry()
        assert len(items) == 2 and len({i["mailbox"] for i in items}) == 1, items
        cookie = re.search(r"Set-Cookie: ([^;]+)", answer)
        shown = slot.get("/receipt", {"Cookie": cookie[1]} if cookie else {})
        assert shown.h1 == "It has arrived", shown.text
        print("the receipt says:", re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown.text))[:300])


if __name__ == "__main__":
    main()
