"""A thin line between a browser and a server: a SOCKS proxy in Tor's place, or in front of Tor's, which sends no faster than it is told, and can break."""

import contextlib
import socket
import threading
import time

PIECE = 16 * 1024


def exactly(s, n):
    data = b""
    while len(data) < n:
        if not (more := s.recv(n - len(data))):
            raise OSError("the browser hung up")
        data += more
    return data


def greet(s):
    """SOCKS 5, as far as a browser speaks it: whatever name it asks for leads to the one server."""
    exactly(s, exactly(s, 2)[1])
    s.sendall(b"\5\0")
    kind = exactly(s, 4)[3]
    exactly(s, (exactly(s, 1)[0] if kind == 3 else {1: 4, 4: 16}[kind]) + 2)
    s.sendall(b"\5\0\0\1\0\0\0\0\0\0")


def hang_up(s):
    with contextlib.suppress(OSError):
        s.shutdown(socket.SHUT_RDWR)


class SlowLine:
    """Everything goes to 127.0.0.1:server, upwards with bytes_per_second; or through another SOCKS proxy, at the address behind."""

    def __init__(self, server, bytes_per_second, behind=None):
        self.server, self.rate, self.behind = server, bytes_per_second, behind
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.socks = {"host": "127.0.0.1", "port": self.listener.getsockname()[1]}
        self.open = {}  # socket: bytes that it sent up
        self.breaks_after = None  # bytes up; None: the line holds
        self.deaf_after, self.lost = None, 0
        self.is_over = False
        self.lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.is_over = True
        self.listener.close()
        self._cut()

    @contextlib.contextmanager
    def broken(self, after):
        """Meanwhile every connection that has sent so many bytes up ends, those too that a browser opens by itself to send again."""
        self.breaks_after = after
        self._cut(after)
        yield
        self.breaks_after = None

    @contextlib.contextmanager
    def deaf(self, after):
        """Meanwhile whatever would be answered to so many bytes never gets here, and its connection ends; self.lost counts them."""
        self.deaf_after = after
        yield
        self.deaf_after = None

    def _cut(self, sent=0):
        with self.lock:
            for s in [s for s, up in self.open.items() if up >= sent]:
                hang_up(s)

    def _accept(self):
        while not self.is_over:
            try:
                below, _ = self.listener.accept()
            except OSError:
                return
            # What waits in the kernel has left the browser, but has not arrived.
            below.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
            threading.Thread(target=self._serve, args=(below,), daemon=True).start()

    def _serve(self, below):
        try:
            if not self.behind:
                greet(below)
            above = socket.create_connection(self.behind or ("127.0.0.1", self.server))
        except OSError:
            below.close()
            return
        with self.lock:
            self.open[below] = 0
        down = threading.Thread(target=self._pump, args=(above, below, False), daemon=True)
        down.start()
        self._pump(below, above, True)
        down.join()
        with self.lock:
            del self.open[below]
        below.close()
        above.close()

    def _swallow(self, below):
        with self.lock:
            if self.deaf_after is not None and self.open[below] >= self.deaf_after:
                self.lost += 1
                raise OSError("the answer got lost")

    def _pump(self, from_, to, is_slow):
        start, up = time.monotonic(), 0
        try:
            while data := from_.recv(PIECE):
                if not is_slow:
                    self._swallow(to)
                to.sendall(data)
                if not is_slow:
                    continue
                up += len(data)
                with self.lock:
                    self.open[from_] = up
                if self.breaks_after is not None and up >= self.breaks_after:
                    raise OSError("the line broke")
                time.sleep(max(0, start + up / self.rate - time.monotonic()))
            to.shutdown(socket.SHUT_WR)
        except OSError:
            hang_up(from_)
            hang_up(to)
