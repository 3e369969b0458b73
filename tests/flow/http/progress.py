"""What the progress page tells while an upload runs, when it is refused at once, and when it is stored."""

# builds: release sanitize

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from frontrig import MULTIPART, Front, body_of, parse, read_answer  # noqa: E402

MB = 1024 * 1024


def progress(front, token, turn=0):
    page = front.get(f"/progress?t={token}&f=1&n={turn}")
    assert page.status == 200
    return page


def refresh(page):
    """(seconds, the next count) of the page; None when it asks for nothing any more."""
    found = re.fullmatch(r"(\d+); url=/progress\?t=[\w-]{43}&f=1&n=(\d+)", page.headers.get("Refresh") or "")
    return found and (int(found[1]), int(found[2]))


def head(front, token, length):
    return front.head_of(length).replace(b"POST /submit ", f"POST /submit?t={token}&f=1 ".encode())


def three_moments(front):
    token = front.get("/").token()
    body = body_of(token, b"m", [("a", b"b" * (8 * MB))])
    assert "Nothing is on its way" in progress(front, token).text
    with front.connect() as s:
        s.sendall(head(front, token, len(body)))
        sent, seen = 0, []
        for mb in (2, 4, 6):
            s.sendall(body[sent:mb * MB])
            sent = mb * MB
            front.until(lambda: re.search(rf"\b{mb * 1024} of \d+ KB have arrived", progress(front, token, 500).text))
            page = progress(front, token, 500)
            seen.append(int(re.search(r'<progress max="100" value="(\d+)"', page.text)[1]))
            assert refresh(page) == (2, 501), page.headers.get("Refresh")
            time.sleep(1.1)
        assert "About a minute is left" in progress(front, token, 500).text
        assert seen == sorted(set(seen)) and 20 <= seen[0] <= 30 and 70 <= seen[2] <= 80, seen
        s.sendall(body[sent:])
        status, fields, _ = parse(read_answer(s))
        assert status == 303 and fields["location"] == "/receipt?f=1"
    page = progress(front, token)
    assert "Everything has arrived" in page.text and refresh(page) is None
    assert "its button sends nothing more" in page.text
    framed = front.get("/receipt?f=1", {"Cookie": fields["set-cookie"].split(";")[0]})
    assert framed.h1 == "It has arrived" and '<base target="_top">' in framed.text and "<header>" not in framed.text


def slower_and_slower(front):
    token = "A" * 43
    seconds, turn = [], 0
    for _ in range(25):
        sec, turn = refresh(progress(front, token, turn))
        seconds.append(sec)
    # Whoever has written for an hour must soon see that the upload works.
    assert seconds[:5] == [2] * 5 and seconds == sorted(seconds) and seconds[-1] == 6, seconds
    assert turn < 500
    token = front.get("/").token()
    with front.connect() as s:
        s.sendall(head(front, token, MB))
        front.until(lambda: "have arrived" in progress(front, token, turn).text)
        seconds = []
        for _ in range(25):
            sec, turn = refresh(progress(front, token, turn))
            seconds.append(sec)
        assert seconds[:5] == [2] * 5 and seconds == sorted(seconds) and seconds[-1] == 30, seconds


def line_broke(front):
    """Nothing was kept of what lacks its end; the same form may come again, and is watched as closely as before."""
    token = front.get("/").token()
    body = body_of(token, b"m", [("a", b"b" * MB)])
    with front.connect() as s:
        s.sendall(head(front, token, len(body)) + body[:MB // 2])
        front.until(lambda: "have arrived" in progress(front, token).text)
    front.until(lambda: "The line broke" in progress(front, token, 520).text)
    page = progress(front, token, 520)
    assert "None of it was kept" in page.text and "Please stop" not in page.text
    assert refresh(page) == (2, 1), page.headers.get("Refresh")
    answer = front.request("POST", f"/submit?t={token}&f=1", body, {"Content-Type": MULTIPART})
    assert front.receipt_of(answer).h1 == "It has arrived"
    assert "Everything has arrived" in progress(front, token).text


def too_large(front):
    """Told at once, while the browser still sends what nobody reads."""
    token = front.get("/").token()
    with front.connect() as s:
        s.sendall(head(front, token, 300 * MB) + b"x" * 100_000)
        front.until(lambda: "This is too large" in progress(front, token).text)
        assert "Please stop: none of it was kept" in progress(front, token).text
    # From the same form, with less in it.
    body = body_of(token, b"smaller")
    answer = front.request("POST", f"/submit?t={token}&f=1", body, {"Content-Type": MULTIPART})
    assert front.receipt_of(answer).h1 == "It has arrived"
    assert "Everything has arrived" in progress(front, token).text


def main():
    with Front(sys.argv[1], {"store": {"max_upload": "64M"}}) as front:
        three_moments(front)
        slower_and_slower(front)
        line_broke(front)
        too_large(front)
        assert front.get("/progress").status == 200 and front.get("/slot?f=1").h1 == "Receipt"
        print("three moments, a broken line, too large, stored")


main()
