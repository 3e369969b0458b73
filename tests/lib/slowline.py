"""A thin line between a browser and a server: in Tor's place a SOCKS proxy, which sends no faster than it is told, and can break."""

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


class SlowLine:
    """Everything goes to 127.0.0.1:server, upwards with bytes_per_second."""

    def __init__(self, server, bytes_per_second):
        self.server, self.rate = server, bytes_per_second
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.socks = {"host": "127.0.0.1", "port": self.listener.getsockname()[1]}
        self.open = {}  # socket: bytes that it sent up
        self.is_over = False
        self.lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.is_over = True
        self.listener.close()
        self.cut()

    def cut(self, sent=0):
        """Every connection that sent so many bytes up ends now."""
        with self.lock:
            for s in [s for s, up in self.open.items() if up >= sent]:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

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
                time.sleep(max(0, start + up / self.rate - time.monotonic()))
            to.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (from_, to):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
