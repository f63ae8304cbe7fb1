#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Fetch an object from mext-fwd's mode serve over UDP: say its SHA-256, and write it to a file if told.

The protocol stands in doc/modes.rst. Requests for pieces of 64 KiB are kept on their way, as many as
get through; what is lost of an answer is asked for again.
"""

import argparse
import collections
import contextlib
import hashlib
import mmap
import socket
import struct
import sys
import time

# magic, version, status, object, id, length, offset, token, size
MESSAGE = struct.Struct("!IBBHIIQQQ")
REQUEST, ANSWER, VERSION = 0x4D585351, 0x4D585341, 1
OK, NO_OBJECT, BEYOND, TOO_LONG, NO_TOKEN = range(5)
REFUSALS = {NO_OBJECT: "there is no such object", BEYOND: "the offset is beyond its end",
            TOO_LONG: "a request is for 65,536 bytes at most"}
MOST = 65536

RECEIVE_BUFFER = 4 << 20
SO_RCVBUFFORCE = 33
LOST_AFTER = 0.2  # seconds without a byte of what was asked for


class Failed(Exception):
    """What is said at the end."""


class Ask:
    """A request on its way: which bytes, and which have come."""

    def __init__(self, offset, length):
        self.offset, self.length = offset, length
        self.left = length
        self.came = {}  # offset: length
        self.deadline = time.monotonic() + LOST_AFTER

    def gaps(self):
        """[(offset, length)] of what has not come."""
        found, at = [], self.offset
        for offset in sorted(self.came):
            if offset > at:
                found.append((at, offset - at))
            at = offset + self.came[offset]
        if at < self.offset + self.length:
            found.append((at, self.offset + self.length - at))
        return found


class Client:
    """A socket to one server."""

    def __init__(self, host, port, number=0, window=16, patience=10):
        self.object, self.most, self.patience = number, window, patience
        self.token = self.last_id = self.again = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        except PermissionError:  # then as much as the kernel allows
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        # The kernel's timeout: Python's own takes a second system call for each packet.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 50000))
        self.socket.connect((host, port))
        self.buffer = bytearray(65536)
        self.view = memoryview(self.buffer)

    def close(self):
        self.socket.close()

    def send(self, offset, length):
        self.last_id = (self.last_id + 1) & 0xFFFFFFFF
        self.socket.send(MESSAGE.pack(REQUEST, VERSION, 0, self.object, self.last_id, length, offset,
                                      self.token, 0))
        return self.last_id

    def receive(self):
        """(status, id, offset, length, size) of the next answer, its bytes behind the header; None: none came."""
        try:
            got = self.socket.recv_into(self.buffer)
        except BlockingIOError:
            return None
        if got < MESSAGE.size:
            return None
        magic, version, status, number, answered, length, offset, token, size = \
            MESSAGE.unpack_from(self.buffer)
        if (magic, version, number) != (ANSWER, VERSION, self.object) or got != MESSAGE.size + length:
            return None
        if status in REFUSALS:
            raise Failed(REFUSALS[status])
        self.token = token
        return status, answered, offset, length, size

    def ask_size(self):
        """How long the object is; the answer brings a token, too."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            asked, again = self.send(0, 0), time.monotonic() + LOST_AFTER
            while time.monotonic() < again:
                answer = self.receive()
                if answer and answer[1] == asked:
                    return answer[4]
        raise Failed(f"no answer for {self.patience} s")

    def take(self, answer, asks, out):
        """Put the bytes of an answer where they belong: its request, if that is complete then."""
        _, answered, offset, length, _ = answer
        ask = asks.get(answered)
        if ask is None or offset in ask.came or length == 0:
            return None
        if offset < ask.offset or offset + length > ask.offset + ask.length:
            return None
        out[offset:offset + length] = self.view[MESSAGE.size:MESSAGE.size + length]
        ask.came[offset] = length
        ask.left -= length
        ask.deadline = time.monotonic() + LOST_AFTER
        return answered if ask.left == 0 else None

    def fetch(self, size, out):
        """Get all of the object into out."""
        wanted = collections.deque((offset, min(MOST, size - offset)) for offset in range(0, size, MOST))
        asks = {}  # by id, in the order of asking
        window, heard = 2.0, time.monotonic()

        while wanted or asks:
            while wanted and len(asks) < int(window):
                piece = wanted.popleft()
                asks[self.send(*piece)] = Ask(*piece)
            answer, lost = self.receive(), []
            if answer:
                heard = time.monotonic()
                if answer[0] == NO_TOKEN:  # the server has been started again: now we have the new one
                    lost = [answer[1]] if answer[1] in asks else []
                complete = self.take(answer, asks, out)
                if complete is not None:
                    # Answers come in order: what was asked for before is lost.
                    lost = [earlier for earlier in asks if earlier < complete]
                    del asks[complete]
                    window = min(window + 1 / window, self.most)
            else:
                lost = [one for one, ask in asks.items() if ask.deadline < time.monotonic()]
            if time.monotonic() - heard > self.patience:
                raise Failed(f"no answer for {self.patience} s")
            for one in lost:
                wanted.extendleft(reversed(asks.pop(one).gaps()))
            if lost:
                self.again += len(lost)
                window = max(window / 2, 1.0)


@contextlib.contextmanager
def space(path, size):
    """Memory for the object: of a file, if there is to be one."""
    if path is None:
        with mmap.mmap(-1, size) as memory:
            yield memory
        return
    with open(path, "w+b") as file:
        file.truncate(size)
        with mmap.mmap(file.fileno(), size) as memory:
            yield memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("host", help="address given with --serve-ip")
    parser.add_argument("-p", "--port", type=int, default=7411, help="UDP port (%(default)s)")
    parser.add_argument("-n", "--object", type=int, default=0, help="number of the object (%(default)s)")
    parser.add_argument("-o", "--output", metavar="FILE", help="file to write (none: the hash alone)")
    parser.add_argument("-w", "--window", type=int, default=16,
                        help="most requests on their way at once (%(default)s)")
    parser.add_argument("--patience", type=float, default=10, metavar="SECONDS",
                        help="without any answer before it gives up (%(default)s)")
    options = parser.parse_args()
    client = Client(options.host, options.port, options.object, max(options.window, 1),
                    options.patience)
    size = client.ask_size()
    with space(options.output, size) as out:
        begin = time.monotonic()
        client.fetch(size, out)
        took = time.monotonic() - begin
        print(f"{size} bytes in {took:.2f} s, {size * 8 / took / 1e6:.0f} Mbit/s, "
              f"{client.again} requests again")
        print(f"SHA-256 {hashlib.sha256(out).hexdigest()}")
    client.close()


if __name__ == "__main__":
    try:
        main()
    except (Failed, OSError) as error:
        sys.exit(f"serve_client: {error}")
