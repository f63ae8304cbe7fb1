# SPDX-License-Identifier: BSD-3-Clause
"""Mode serve: files whole at kernel sockets, the protocol, and what is no request.

MEXT_SERVE_BYTES=1073741824 makes the large file 1 GiB.
"""

import contextlib
import hashlib
import os
import random
import re
import signal
import struct
import subprocess
import sys

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

from conftest import missing_driver
from forwarder import Forwarder, vdevs
from network import PATIENCE, ROOT, Network, inside
from test_options import PORTS, check_refusal, run

CLIENT = ROOT / "examples" / "serve-client" / "serve_client.py"
sys.path.insert(0, str(CLIENT.parent))
import serve_client  # noqa: E402 its folder is known only now
from serve_client import ANSWER, MESSAGE, NO_TOKEN, REQUEST  # noqa: E402

SERVER, PORT = "198.18.0.9", 7411
SERVE = ["--forward-mode=serve", f"--serve-ip={SERVER}"]
# A host that is not there: the kernel says nothing to what it is sent.
GUEST_IP, GUEST_MAC, GUEST_PORT = "198.18.0.77", "02:77:00:00:00:01", 4000
CHUNK = 1500 - 20 - 8 - MESSAGE.size
# Objects of what most tests ask.
LENGTHS = [100000, 1 << 20]
LARGE = int(os.environ.get("MEXT_SERVE_BYTES", 64 << 20))


def make_file(path, length, seed):
    """A file of random bytes: its SHA-256."""
    rng, digest = random.Random(seed), hashlib.sha256()
    with open(path, "wb") as file:
        while length > 0:
            block = rng.randbytes(min(length, 1 << 20))
            digest.update(block)
            file.write(block)
            length -= len(block)
    return digest.hexdigest()


def client(network, host, *options):
    return subprocess.Popen(
        ["ip", "netns", "exec", network.hosts[host], sys.executable, CLIENT, SERVER, *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def hash_of(process):
    """What a client says it has got."""
    said = process.communicate(timeout=600)[0]
    found = re.search(r"^SHA-256 (\w+)$", said, re.M)
    assert process.returncode == 0 and found, said
    return found[1]


def counters(forwarder):
    line, = [line for line in forwarder.output if line.startswith("serve: ") and " requests" in line]
    return {name: int(value) for value, name in re.findall(r"(\d+) ([a-z ]+)", line)}


def check_bytes(forwarder, driver, at_least):
    """All went by reference, or, where the driver can't, as copies."""
    seen = counters(forwarder)
    names = ["bytes by reference", "bytes copied"]
    if driver == "af_xdp":
        names.reverse()
    assert seen[names[0]] >= at_least and seen[names[1]] == 0, seen


def make_files(folder, lengths, seed):
    """Their paths, mext-fwd's options for them, and their hashes."""
    paths = [folder / f"object{i}" for i in range(len(lengths))]
    hashes = [make_file(path, length, f"{seed} {path.name}") for path, length in zip(paths, lengths)]
    return paths, [*SERVE, *[f"--serve-file={path}" for path in paths]], hashes


@pytest.fixture
def served(start, tmp_path, seed):
    """served(*lengths): mext-fwd that serves files of these lengths, and their hashes."""
    def start_on(*lengths):
        paths, options, hashes = make_files(tmp_path, lengths, seed)
        forwarder = start(*options)
        forwarder.paths = paths
        return forwarder, hashes

    return start_on


only_af_packet = pytest.mark.parametrize("driver", ["af_packet"], indirect=True)


class Guest:
    """Raw frames of a host at the first port."""

    def __init__(self, network):
        self.network = network
        self.wire, self.mac = network.wires[0], network.port_mac(0)
        network.drain()

    def frame(self, payload, tags=(), port=GUEST_PORT, **ip):
        frame = Ether(dst=self.mac, src=GUEST_MAC)
        for tag in tags:
            frame /= tag
        return frame / IP(src=GUEST_IP, dst=SERVER, **ip) / UDP(sport=port, dport=PORT) / Raw(payload)

    def exchange(self, frame):
        """The next frame to the guest after this one is sent, None if none comes before a ping is answered."""
        self.wire.send(bytes(frame))
        self.wire.send(bytes(self.ping(id=0xFFFF)))
        answers = []
        while True:
            got = self.wire.receive()
            assert got is not None, "no answer, not even to a ping"
            got = Ether(got)
            if ICMP in got and got[ICMP].id == 0xFFFF:
                return answers
            if got.dst == GUEST_MAC:
                answers.append(got)

    def ping(self, size=56, tags=(), **icmp):
        frame = Ether(dst=self.mac, src=GUEST_MAC)
        for tag in tags:
            frame /= tag
        return frame / IP(src=GUEST_IP, dst=SERVER) / ICMP(**icmp) / Raw(bytes(i % 251 for i in range(size)))

    def token(self, **more):
        answer, = self.exchange(self.frame(request(), **more))
        return MESSAGE.unpack_from(bytes(answer[UDP].payload))[7]


def request(number=0, asked=1, length=0, offset=0, token=0):
    return MESSAGE.pack(REQUEST, 1, 0, number, asked, length, offset, token, 0)


def answers_of(frames):
    """[(status, object, id, length, offset, size, bytes)] of frames."""
    found = []
    for frame in frames:
        assert IP(bytes(frame[IP])).chksum == frame[IP].chksum
        magic, version, status, number, asked, length, offset, _, size = \
            MESSAGE.unpack_from(bytes(frame[UDP].payload))
        data = bytes(frame[UDP].payload)[MESSAGE.size:]
        assert (magic, version, len(data)) == (ANSWER, 1, length)
        assert len(frame[IP]) <= 1500 and frame[IP].frag == 0 and frame[IP].src == SERVER
        found.append((status, number, asked, length, offset, size, data))
    return found


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """A guest of a mext-fwd that most tests ask; it has all its buffers when they are over."""
    reason = missing_driver("af_packet")
    if reason:
        pytest.skip(reason)
    _, options, hashes = make_files(tmp_path_factory.mktemp("served"), LENGTHS, 1)
    with Network() as network, Forwarder(*options, eal=vdevs("af_packet"),
                                         namespace=network.fwd) as forwarder:
        one = Guest(network)
        one.hashes, one.forwarder = hashes, forwarder.wait_until_forwarding()
        yield one
        forwarder.stop()
        check_bytes(forwarder, "af_packet", 0)


@only_af_packet
def test_large_file_arrives_whole_by_reference(served, network, driver):
    forwarder, (wanted,) = served(LARGE)
    assert hash_of(client(network, 0)) == wanted
    forwarder.stop()
    check_bytes(forwarder, driver, LARGE)


def test_any_length_arrives_whole(served, network, driver, tmp_path):
    lengths = [1, CHUNK, CHUNK + 1, 65536, 65537, 1234567]
    forwarder, hashes = served(*lengths)
    for number, wanted in enumerate(hashes):
        got = tmp_path / "got"
        assert hash_of(client(network, number % 2, "-n", str(number), "-o", got)) == wanted
        assert hashlib.sha256(got.read_bytes()).hexdigest() == wanted
    forwarder.stop()
    check_bytes(forwarder, driver, sum(lengths))


@only_af_packet
def test_eight_clients_truncated_files_and_a_killed_client(served, network, driver, tmp_path):
    length = 3 << 20
    forwarder, wanted = served(length, length + 4321)
    # A ninth, for long enough, is killed while it receives; and a socket closes with answers on their way.
    ninth = client(network, 1, "-o", tmp_path / "ninth")
    clients = [(number, client(network, number % 4 // 2, "-n", str(number % 2)))
               for number in range(8)]
    os.truncate(forwarder.paths[0], 100)
    forwarder.paths[1].unlink()
    while not (tmp_path / "ninth").exists() and ninth.poll() is None:
        pass
    ninth.send_signal(signal.SIGKILL)
    ninth.communicate()
    with inside(network.hosts[0]):
        gone = serve_client.Client(SERVER, PORT)
        gone.ask_size()
        for i in range(4):
            gone.send(i << 16, 1 << 16)
        gone.close()
    for number, process in clients:
        assert hash_of(process) == wanted[number % 2]
    forwarder.stop()
    check_bytes(forwarder, driver, 8 * length)


def test_two_queues_serve(network, tmp_path, seed):
    wanted = make_file(tmp_path / "file", 1 << 20, seed)
    eal = [f"--vdev=net_af_packet{port},iface=port{port},qpairs=2" for port in (0, 1)]
    with Forwarder(*SERVE, f"--serve-file={tmp_path / 'file'}", "--rxq=2", "--txq=2", eal=eal,
                   workers=2, namespace=network.fwd) as forwarder:
        forwarder.wait_until_forwarding()
        clients = [client(network, number % 2) for number in range(6)]
        assert [hash_of(process) for process in clients] == [wanted] * 6
        forwarder.stop()
        check_bytes(forwarder, "af_packet", 6 << 20)


def test_protocol(guest):
    length = LENGTHS[0]
    data = random.Random("1 object0").randbytes(length)

    def ask(**fields):
        return answers_of(guest.exchange(guest.frame(request(**fields))))

    token = guest.token()
    # Size alone; errors; no token: an answer of the request's length each.
    assert ask(asked=7) == [(0, 0, 7, 0, 0, length, b"")]
    for number in (2, 65535):
        assert ask(number=number, length=1, token=token) == [(1, number, 1, 0, 0, 0, b"")]
    for offset in (length, length + 1, 1 << 63, (1 << 64) - 1):
        assert ask(offset=offset, length=1, token=token) == [(2, 0, 1, 0, offset, length, b"")]
    for too_long in (65537, (1 << 32) - 1):
        assert ask(length=too_long, token=token) == [(3, 0, 1, 0, 0, length, b"")]
    for wrong in (0, token ^ 1, token ^ 1 << 63):
        assert ask(length=1, token=wrong) == [(NO_TOKEN, 0, 1, 0, 0, length, b"")]
    other = guest.token(port=GUEST_PORT + 1)
    assert other != token and ask(length=1, token=other)[0][0] == NO_TOKEN
    # Bytes: one, a packet's worth and one more, the most, over the end.
    for offset, wanted in ((0, 1), (5, CHUNK), (4093, CHUNK + 1), (11, 65536), (length - 3, 65536)):
        got = ask(offset=offset, length=wanted, token=token, asked=offset)
        right = data[offset:offset + wanted]
        assert b"".join(answer[6] for answer in got) == right
        assert [answer[4] for answer in got] == list(range(offset, offset + len(right), CHUNK))
        assert all(answer[:3] == (0, 0, offset) and answer[5] == length for answer in got)


def test_tagged_requests_are_answered_with_their_tags(guest):
    # af_packet makes every outer tag one of 802.1Q.
    for tags in ([Dot1Q(vlan=7, prio=3)], [Dot1Q(vlan=100), Dot1Q(vlan=7)],
                 [Dot1Q(vlan=100), Dot1AD(vlan=9)]):
        token = guest.token(tags=tags)
        got = guest.exchange(guest.frame(request(length=5000, token=token), tags=tags))
        for frame in got:
            assert [frame.getlayer(i + 1).vlan for i in range(len(tags))] == [tag.vlan for tag in tags]
            assert frame.src == guest.mac
        assert sum(answer[3] for answer in answers_of(got)) == 5000
        echo, = guest.exchange(guest.ping(tags=tags))
        assert echo[Dot1Q].vlan == tags[0].vlan and echo[ICMP].type == 0


def test_host_answers_as_a_host(guest):
    """ARP and echo by the kernel, and replies byte by byte."""
    network = guest.network
    for size in (0, 1, 56, 1472):
        said = network.run_in(network.hosts[1], ["ping", "-c1", "-W", str(int(PATIENCE)), "-s", str(size),
                                                 SERVER])
        assert " 1 received" in said, said
    # The last one is all zeros, of which the checksum of the reply is 0xffff.
    for size, number in ((0, 3), (1, 3), (7, 3), (1400, 3), (1, 0)):
        sent = guest.ping(size=size, id=number, seq=number and size)
        echo, = guest.exchange(sent)
        again = IP(bytes(echo[IP]))
        del again.chksum, again[ICMP].chksum
        assert bytes(IP(bytes(again))) == bytes(echo[IP])
        assert bytes(echo[ICMP].payload)[:size] == bytes(sent[Raw].load) if size else True
        assert (echo.src, echo[IP].src, echo[IP].dst, echo[ICMP].type) == (guest.mac, SERVER, GUEST_IP, 0)
    for source in (GUEST_IP, "0.0.0.0"):
        reply, = guest.exchange(Ether(dst="ff:ff:ff:ff:ff:ff", src=GUEST_MAC) / ARP(
            op=1, hwsrc=GUEST_MAC, psrc=source, pdst=SERVER))
        assert (reply[ARP].op, reply[ARP].hwsrc, reply[ARP].psrc, reply[ARP].hwdst, reply[ARP].pdst) == \
            (2, guest.mac, SERVER, GUEST_MAC, source)


def unanswered(guest):
    """[(name, frame)]: what no host may answer, or not here."""
    good = guest.frame(request())
    ping = guest.ping(id=5)

    def changed(frame, layer, **fields):
        frame = frame.copy()
        for name, value in fields.items():
            setattr(frame[layer], name, value)
        return frame

    arp = Ether(dst="ff:ff:ff:ff:ff:ff", src=GUEST_MAC) / ARP(
        op=1, hwsrc=GUEST_MAC, psrc=GUEST_IP, pdst=SERVER)
    yield from ((f"{name} cut to {length}", bytes(frame)[:length])
                for name, frame in (("request", good), ("ping", ping), ("ARP", arp))
                for length in range(14, min(len(frame), 82)))
    yield "to another MAC", changed(good, Ether, dst="02:00:00:00:12:34")
    yield "to all MACs", changed(good, Ether, dst="ff:ff:ff:ff:ff:ff")
    yield "from a group's MAC", changed(good, Ether, src="03:00:00:00:00:01")
    yield "to another address", changed(good, IP, dst="198.18.0.8")
    for source in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", SERVER):
        yield f"request from {source}", changed(good, IP, src=source)
        yield f"ping from {source}", changed(ping, IP, src=source)
    yield "IP checksum", changed(good, IP, chksum=1)
    yield "fragment, first", changed(good, IP, flags="MF")
    yield "fragment, later", changed(ping, IP, frag=185)
    yield "IP version", changed(good, IP, version=5)
    yield "IP header too short", changed(good, IP, ihl=4)
    yield "longer than the frame", changed(good, IP, len=1000)
    yield "shorter than its header", changed(good, IP, len=19)
    yield "IP options", changed(ping, IP, options=[b"\x07\x07\x04\0\0\0\0\0"])
    yield "another protocol", changed(good, IP, proto=132)
    yield "UDP checksum", changed(good, UDP, chksum=1)
    yield "UDP length too long", changed(good, UDP, len=100)
    yield "UDP length too short", changed(good, UDP, len=7)
    yield "UDP port 0", changed(good, UDP, sport=0)
    yield "UDP port of nobody", changed(good, UDP, dport=PORT + 1)
    yield "longer than a request", guest.frame(request() + b"\0")
    yield "no bytes", guest.frame(b"")
    for at, value in ((0, 0), (4, 0), (4, 2), (5, 1), (39, 1)):
        wrong = bytearray(request())
        wrong[at] = value
        yield f"request's byte {at} is {value}", guest.frame(bytes(wrong))
    yield "an answer", guest.frame(MESSAGE.pack(ANSWER, 1, 0, 0, 1, 0, 0, 0, 0))
    yield "ICMP checksum", changed(ping, ICMP, chksum=1)
    yield "ICMP code", changed(ping, ICMP, code=1)
    yield "ICMP timestamp", changed(ping, ICMP, type=13)
    for fields in ({"hwtype": 6}, {"ptype": 0x86DD}, {"hwlen": 8}, {"plen": 16}, {"op": 2},
                   {"pdst": "198.18.0.8"}, {"hwsrc": "ff:ff:ff:ff:ff:ff"}, {"psrc": SERVER}):
        yield f"ARP with {fields}", changed(arp, ARP, **fields)
    yield "three tags", guest.ping(tags=[Dot1Q(vlan=1), Dot1Q(vlan=2), Dot1Q(vlan=3)])


def test_what_is_no_request_gets_no_answer(guest):
    for name, frame in unanswered(guest):
        assert guest.exchange(frame) == [], name


def test_random_bytes_do_no_harm(guest, seed):
    rng = random.Random(seed)
    frames = [bytes(guest.frame(request(length=1))), bytes(guest.ping()),
              bytes(Ether(dst=guest.mac, src=GUEST_MAC) / ARP(op=1, psrc=GUEST_IP, pdst=SERVER)),
              bytes(guest.frame(request(), tags=[Dot1Q(vlan=5)]))]
    for _ in range(4000):
        frame = bytearray(rng.choice(frames))
        for _ in range(rng.randint(1, 6)):
            frame[rng.randrange(12, len(frame))] = rng.getrandbits(8)
        del frame[rng.randint(14, 2 * len(frame)):]
        guest.wire.send(bytes(frame))
    for _ in range(1000):
        payload = struct.pack("!IB", REQUEST, 1) + rng.randbytes(MESSAGE.size - 5)
        guest.wire.send(bytes(guest.frame(payload, port=rng.randrange(1, 65536))))
    assert hash_of(client(guest.network, 1)) == guest.hashes[0]


def test_a_client_that_asks_for_more_than_it_takes_harms_nobody(guest):
    with inside(guest.network.hosts[0]), contextlib.closing(serve_client.Client(SERVER, PORT)) as greedy:
        size = greedy.ask_size()
        for i in range(2000):
            greedy.send((i << 16) % size, 1 << 16)
    assert hash_of(client(guest.network, 1, "-n", "1")) == guest.hashes[1]


@only_af_packet
def test_all_is_counted(served, network):
    forwarder, _ = served(5000)
    guest = Guest(network)
    token = guest.token()
    guest.exchange(guest.frame(request(length=5000, token=token)))
    guest.exchange(guest.frame(request(number=1)))
    guest.exchange(guest.frame(b"no request"))
    guest.exchange(Ether(dst=guest.mac, src=GUEST_MAC) / ARP(op=1, psrc=GUEST_IP, pdst=SERVER))
    forwarder.stop()
    assert counters(forwarder) == {
        "requests": 2, "bytes by reference": 5000, "bytes copied": 0, "refused requests": 1,
        "malformed requests": 1, "arp replies": 1, "echo replies": 5}


BAD_SERVES = [
    (["--forward-mode=serve", "--serve-ip=198.18.0.9"], r"needs a file", r"--serve-file="),
    (["--forward-mode=serve", "--serve-file=/etc/passwd"], r"needs an address", r"--serve-ip="),
    ([*SERVE, "--serve-file=/no/where"], r"serve-file=/no/where", r"No such file"),
    ([*SERVE, "--serve-file=/tmp"], r"serve-file=/tmp", r"regular file"),
    ([*SERVE, "--serve-file=/dev/zero"], r"serve-file=/dev/zero", r"regular file"),
    ([*SERVE, "--serve-file="], r"serve-file=", r"nothing"),
    ([*SERVE, *["--serve-file=/etc/passwd"] * 9], r"serve-file", r"8 files"),
    (["--serve-ip=198.18.0"], r"serve-ip=198.18.0", r"IPv4"),
    (["--serve-ip=224.0.0.1"], r"serve-ip=224.0.0.1", r"one host"),
    (["--serve-port=0"], r"serve-port=0", r"1 to 65535"),
    (["--serve-port=65536"], r"serve-port=65536", r"1 to 65535"),
]


@pytest.mark.parametrize("options, names, says", BAD_SERVES,
                         ids=[" ".join(row[0]) for row in BAD_SERVES])
def test_bad_option_is_refused_in_one_line(options, names, says):
    check_refusal(*run(*options, eal=PORTS), names, says)


def test_file_larger_than_memory_is_refused(tmp_path):
    huge = tmp_path / "huge"
    with open(huge, "wb") as file:
        file.truncate(1 << 42)
    check_refusal(*run(*SERVE, f"--serve-file={huge}", eal=PORTS), r"huge", r"no memory .* 4398046511104")


def test_empty_file_is_refused(tmp_path):
    (tmp_path / "empty").touch()
    check_refusal(*run(*SERVE, f"--serve-file={tmp_path / 'empty'}", eal=PORTS), r"empty", r"1 byte")


def test_client_says_what_is_wrong(guest):
    for options, says in ((["-n", "2"], "no such object"), (["-p", "1", "--patience", "0.5"], "no answer")):
        process = client(guest.network, 0, *options)
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 1 and re.search(rf"^serve_client: .*{says}", said), said
