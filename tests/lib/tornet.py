"""A private Tor network on loopback addresses: three authorities, three relays, an onion service, a client.

Nothing of it can reach or be reached from outside: every address is 127.x.y.z, and no tor knows of
any other network. Each run draws its own x and y, so that several can live side by side.
"""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

AUTHORITIES, RELAYS = 3, 3
OR_PORT, DIR_PORT = 5000, 7000

BASE = """
DataDirectory {folder}
Nickname {name}
Log notice file {folder}/log
AssumeReachable 1
"""
TESTING = """
TestingTorNetwork 1
UseDefaultFallbackDirs 0
PathsNeededToBuildCircuits 0.25
ShutdownWaitLength 2
"""
RELAY = """
Address {address}
ORPort {address}:{or_port}
DirPort {address}:{dir_port}
OutboundBindAddress {address}
ExitPolicy reject *:*
SocksPort 0
"""
AUTHORITY = """
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
ContactInfo x
TestingV3AuthInitialVotingInterval 10
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
TestingV3AuthVotingStartOffset 0
V3AuthVotingInterval 10
V3AuthVoteDelay 2
V3AuthDistDelay 2
V3AuthNIntervalsValid 3
TestingDirAuthVoteExit *
TestingDirAuthVoteHSDir *
TestingDirAuthVoteGuard *
TestingMinExitFlagThreshold 0
MinUptimeHidServDirectoryV2 0
"""
SERVICE = """
SocksPort 0
HiddenServiceDir {folder}/onion
HiddenServicePort 80 {target}
"""
CLIENT = """
SocksPort {address}:9050
"""


class Node:
    """One tor process and its folder."""

    def __init__(self, net, name, address):
        self.name, self.address = name, address
        self.folder = os.path.join(net, name)
        self.rc = os.path.join(self.folder, "torrc")
        self.process = None
        os.makedirs(self.folder, mode=0o700)

    def write(self, text, **values):
        with open(self.rc, "a", encoding="ascii") as f:
            f.write(text.format(name=self.name, folder=self.folder, address=self.address, or_port=OR_PORT,
                                dir_port=DIR_PORT, **values))

    def fingerprint(self):
        """Makes the relay's key. Before the testing options are in the torrc: they ask for all fingerprints."""
        out = subprocess.check_output(["tor", "-f", self.rc, "--defaults-torrc", "/dev/null", "--quiet",
                                       "--list-fingerprint"], text=True)
        return out.split(maxsplit=1)[1].replace(" ", "").strip()

    def start(self, *options):
        self.process = subprocess.Popen(["tor", "-f", self.rc, "--defaults-torrc", "/dev/null", "--quiet", *options],
                                        stdin=subprocess.DEVNULL)

    def log_tail(self, lines=8):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
                return "".join(f.readlines()[-lines:])
        except OSError:
            return ""


def _certify(node):
    """The authority's identity and signing key; gives its v3 fingerprint."""
    keys = os.path.join(node.folder, "keys")
    os.makedirs(keys, mode=0o700)
    subprocess.run(["tor-gencert", "--create-identity-key", "--passphrase-fd", "0", "-m", "12",
                    "-a", f"{node.address}:{DIR_PORT}",
                    "-i", os.path.join(keys, "authority_identity_key"),
                    "-s", os.path.join(keys, "authority_signing_key"),
                    "-c", os.path.join(keys, "authority_certificate")],
                   input=b"throw-away\n", check=True, capture_output=True)
    with open(os.path.join(keys, "authority_certificate"), encoding="ascii") as f:
        return next(line.split()[1] for line in f if line.startswith("fingerprint "))


class TorNetwork:
    """A network to be: net.onion and net.socks are known at once; inside "with net" the service is reachable.

    target is what the onion service's port 80 leads to, "address:port" or "unix:/path"; something must
    answer there before "with". service_options are further lines for the service's torrc.
    """

    def __init__(self, target, service_options=""):
        self.folder = tempfile.mkdtemp(prefix="tor-")
        prefix = f"127.{random.randint(32, 126)}.{random.randint(0, 255)}."
        self.authorities = [Node(self.folder, f"a{n}", f"{prefix}{10 + n}") for n in range(1, AUTHORITIES + 1)]
        self.relays = [Node(self.folder, f"r{n}", f"{prefix}{20 + n}") for n in range(1, RELAYS + 1)]
        self.service = Node(self.folder, "service", f"{prefix}31")
        self.client = Node(self.folder, "client", f"{prefix}41")
        self.nodes = [*self.authorities, *self.relays, self.service, self.client]
        self.socks = (self.client.address, 9050)
        try:
            self._configure(target, service_options)
        except BaseException:
            self.close()
            raise

    def _configure(self, target, service_options):
        for node in self.nodes:
            node.write(BASE)
        for node in self.authorities + self.relays:
            node.write(RELAY)
        lines = [f"DirAuthority {a.name} orport={OR_PORT} v3ident={_certify(a)} {a.address}:{DIR_PORT} "
                 f"{a.fingerprint()}\n" for a in self.authorities]
        for node in self.nodes:
            node.write(TESTING + "".join(lines))
        for node in self.authorities:
            node.write(AUTHORITY)
        self.service.write(SERVICE + service_options, target=target)
        self.client.write(CLIENT)
        self.onion = self._make_onion_address()

    def _make_onion_address(self):
        """tor makes the service's key when it starts, also without a network."""
        path = os.path.join(self.service.folder, "onion", "hostname")
        deadline = time.monotonic() + 30
        self.service.start("--DisableNetwork", "1")
        try:
            while not os.path.exists(path):
                if time.monotonic() > deadline:
                    raise TimeoutError("tor made no onion address\n" + self.service.log_tail())
                time.sleep(0.05)
        finally:
            self.service.process.kill()
            self.service.process.wait()
        with open(path, encoding="ascii") as f:
            return f.read().strip()

    def start(self):
        for node in self.nodes:
            node.start()
        return self

    def fetch(self, path, *curl_args):
        """One request through Tor with curl; gives its result (CompletedProcess)."""
        return subprocess.run(["curl", "-sS", "--proxy", f"socks5h://{self.socks[0]}:{self.socks[1]}", *curl_args,
                               f"http://{self.onion}{path}"], capture_output=True, check=False)

    def wait(self, seconds=90):
        """Until a page comes through the onion address; gives the seconds that it took."""
        start = time.monotonic()
        while time.monotonic() < start + seconds:
            ended = [n.name for n in self.nodes if n.process.poll() is not None]
            if ended:
                raise RuntimeError(f"tor ended at its start: {ended}\n" + self.report())
            if self.fetch("/", "--max-time", "15", "-o", os.devnull).returncode == 0:
                return time.monotonic() - start
            time.sleep(1)
        raise TimeoutError(f"no page through the onion address within {seconds} s\n" + self.report())

    def report(self):
        return "".join(f"--- {n.name}\n{n.log_tail()}" for n in self.nodes)

    def stop(self):
        running = [n.process for n in self.nodes if n.process and n.process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self):
        """Starts it; a network that doesn't come up is given one more try."""
        try:
            self.start().wait()
        except TimeoutError:
            self.stop()
            try:
                self.start().wait()
            except BaseException:
                self.close()
                raise
        except BaseException:
            self.close()
            raise
        return self

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(self, *exc):
        self.close()
