"""What sources were told, and what is there afterwards.

Each upload has a number that its lengths tell: so a list of the vault says which ones arrived, and how often.
"""

import collections
import http.client
import json
import os
import threading

from slot import File, body_of


class Book:
    def __init__(self, slot):
        self.slot = slot
        self.lock = threading.Lock()
        self.sent = 0
        self.receipts = set()

    def number(self):
        with self.lock:
            self.sent += 1
            return self.sent

    def upload(self, size=0):
        """One upload of a little more than size bytes; the status that the source saw, None for a broken connection."""
        n = self.number()
        content = os.urandom(1) * (size + n)
        try:
            form = self.slot.form()
            body, kind = body_of(form.parts("m" * n, [File("f", content)]))
            page = self.slot.post(body, kind, action=form.action)
        except (OSError, http.client.HTTPException, TypeError):
            return None  # no connection, half a page
        if page.status == 200 and "<form" not in page.text:
            with self.lock:
                self.receipts.add(n)
        return page.status

    def check(self):
        """Stops the server, carries everything into a vault: how many items there are."""
        slot = self.slot
        if slot.server is not None:
            slot.stop()
        folder = os.path.join(slot.store, "items")
        names = os.listdir(folder)
        odd = [n for n in names if not n.endswith(".age") or len(n) != 36]
        assert not odd, f"files without a place: {odd}"
        slot.start()
        items = json.loads(slot.sealslotd("status", "--json").stdout)["items"]
        slot.stop()
        assert items == len(names), f"{items} rows for {len(names)} files"
        listed = slot.carry()
        assert len(listed) == len(names), f"{len(listed)} of {len(names)} were carried"
        slot.desk.review("verify")  # fails if one isn't whole
        assert all(i["state"] == "opened" for i in listed), [i for i in listed if i["state"] != "opened"]
        counts = collections.Counter(i["message"] for i in listed)
        twice = [n for n, k in counts.items() if k > 1]
        assert not twice, f"there twice: {twice}"
        missing = self.receipts - set(counts)
        assert not missing, f"receipts without a submission: {sorted(missing)}"
        return len(listed)
