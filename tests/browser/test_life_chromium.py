"""A source's life in chromium: a drop over a slow line that breaks once, the reply, a second drop, delete, sign out."""
# time limit: 300

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from life import life  # noqa: E402

life(sys.argv[1], "chromium", ("fr", "en"))
