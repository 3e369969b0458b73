"""A calendar that a test moves: for builds with -Dtesting=true, where every program reads it.

    calendar = Calendar()
    calendar.go("2027-12-27")
"""

import datetime
import os
import struct
import tempfile


MONTHS = ("January February March April May June July August September October November December").split()


def spoken(day):
    """As English pages say it."""
    day = datetime.date.fromisoformat(str(day))
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


class Calendar:
    """Sets SEALSLOT_TEST_CLOCK for this process and all it starts. Days are datetime.date or YYYY-MM-DD."""

    def __init__(self, day):
        fd, self.path = tempfile.mkstemp(prefix="calendar-")
        os.fchmod(fd, 0o644)
        os.close(fd)
        os.environ["SEALSLOT_TEST_CLOCK"] = self.path
        self.go(day)

    def go(self, day, hour=12, minute=0):
        """It is that hour (UTC) of the day now, and goes on from there."""
        if isinstance(day, str):
            day = datetime.date.fromisoformat(day)
        then = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=datetime.timezone.utc)
        shift = int((then - datetime.datetime.now(datetime.timezone.utc)).total_seconds())
        with open(self.path, "r+b") as f:  # in place: it is mapped
            f.write(struct.pack("=q", shift))
        self.today = day

    def days(self, n):
        self.go(self.today + datetime.timedelta(n))

    def close(self):
        os.environ.pop("SEALSLOT_TEST_CLOCK", None)
        os.unlink(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
