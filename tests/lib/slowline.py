"""A thin line between a browser and a server: in Tor's place a SOCKS proxy, which sends no faster than it is told, and can break."""

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
    """Everything goes to 127.0.0.1:server, upwards with bytes_per_second."""

    def __init__(self, server, bytes_per_second):
        self.server, self.rate = server, bytes_per_second
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.socks = {"host": "127.0.0.1", "port": self.listener.getsockname()[1]}
        self.open = {}  # socket: bytes that it sent up
        self.breaks_after = None  # bytes up; None: the line holds
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
            greet(below)
            above = socket.create_connection(("127.0.0.1", self.server))
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

    def _pump(self, from_, to, is_slow):
        start, up = time.monotonic(), 0
        try:
            while data := from_.recv(PIECE):
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
