# SPDX-License-Identifier: BSD-3-Clause
"""Modes that send one storage by several ports: who gets which bytes, and that nothing is left over."""

import random

import pytest

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

import frames
from forwarder import Forwarder, vdevs
from network import Network
from test_options import check_refusal, run

NULLS = [f"--vdev=net_null{i}" for i in range(3)]
RINGS = [f"--vdev=net_ring{i}" for i in range(3)]


@pytest.fixture(scope="module")
def hosts():
    """Four hosts, for all tests here."""
    with Network(4) as network:
        yield network


@pytest.fixture
def start(hosts, driver):
    """start(*options, ports=4): mext-fwd between the hosts."""
    running = []

    def start_one(*options, ports=4, **more):
        hosts.drain()
        one = Forwarder(*options, eal=vdevs(driver, ports=ports), namespace=hosts.fwd, **more)
        running.append(one)
        return one.wait_until_forwarding()

    yield start_one
    for one in running:
        one.__exit__()


def some(rng, sender, number=20):
    """Frames from a host, of every sort of length; the last one is the end of them."""
    lengths = [14, 60, 61, 1513, 1514] + [rng.randint(15, 1514) for _ in range(number - 5)]
    made = [frames.plain(length, rng) for length in lengths]
    return [frame[:6] + bytes([2, 0, 0, 0, 1, sender]) + frame[12:] for frame in made]


def exchange(hosts, sent, want):
    """Send each host's frames: each host gets those that are wanted, in any order, and no more."""
    for wire, batch in zip(hosts.wires, sent):
        for frame in batch:
            wire.send(frame)
    for host, (wire, frames_wanted) in enumerate(zip(hosts.wires, want)):
        got = wire.receive_many(len(frames_wanted))
        assert sorted(got) == sorted(frames_wanted), f"host {host}: {len(got)} of {len(frames_wanted)}"
    # A frame too many has come by now: it was sent before the last of those that have.
    assert [wire.receive(timeout=0.02) for wire in hosts.wires] == [None] * len(hosts.wires)


@pytest.mark.parametrize("driver, way", [("af_packet", "share"), ("af_xdp", "share"),
                                         ("af_packet", "fanout"), ("af_packet", "clone"), ("af_packet", "copy")],
                         indirect=["driver"])
def test_flood_reaches_all_others_unchanged_and_once(hosts, start, seed, way):
    forwarder = start("--forward-mode=flood", f"--flood-by={way}")
    rng = random.Random(seed)
    sent = [some(rng, host) for host in range(4)]
    exchange(hosts, sent, [[frame for other in range(4) if other != host for frame in sent[other]]
                           for host in range(4)])
    final = forwarder.stop()
    for port in range(4):
        assert final[port]["RX-packets"] == 20
        assert final[port]["TX-packets"] == 60
    assert final["all"]["TX-dropped"] == 0


@pytest.mark.parametrize("driver", ["af_packet"], indirect=True)
def test_flood_with_a_single_port_sends_nothing_and_counts(hosts, start, seed):
    forwarder = start("--forward-mode=flood", "--stats-period=0.1", ports=1)
    for frame in some(random.Random(seed), 0):
        hosts.wires[0].send(frame)
    forwarder.wait_for(r"port 0: rx [1-9]")
    assert hosts.wires[0].receive(timeout=0.1) is None
    final = forwarder.stop()
    assert final[0]["TX-packets"] == 0
    assert final[0]["RX-packets"] > 0


@pytest.mark.parametrize("frame", ["60", "100,700,20"])
@pytest.mark.parametrize("mode", [["flood"], ["mirror", "--mirror-port=2"]])
def test_shares_of_shares_fill_rings_and_all_come_back(mode, frame):
    """What a net_ring is sent it receives: every frame is many, until all queues are full."""
    with Forwarder(f"--forward-mode={mode[0]}", *mode[1:], "--tx-first=2", "--duration=0.5",
                   f"--txpkts={frame}",
                   eal=RINGS) as forwarder:
        final = forwarder.check_end()
    assert final["all"]["RX-packets"] > 1000
    if mode[0] == "flood":
        assert final["all"]["TX-dropped"] > 0


def test_mirror_sends_to_peer_and_monitor_and_takes_nothing_from_it(hosts, start, seed):
    forwarder = start("--forward-mode=mirror", "--mirror-port=1", ports=3)
    rng = random.Random(seed)
    sent = [some(rng, 0), some(rng, 1), some(rng, 2), []]
    exchange(hosts, sent, [sent[2], sent[0] + sent[2], sent[0], []])
    final = forwarder.stop()
    assert [final[port]["TX-packets"] for port in range(3)] == [20, 40, 20]
    assert final["all"]["TX-dropped"] == 0


GROUPS = """
# Who gets what.
239.1.1.1 port=0
239.1.1.1 port=1 vlan=10   # a comment
239.1.1.1 port=1 vlan=11
239.1.1.1	port=2
ff05::7 port=3 vlan=4094

224.5.5.5 port=0
* port=3
"""
GROUP_MAC = "01:00:5e:01:01:01"


@pytest.fixture
def groups(tmp_path):
    """groups(text): the name of a file with it."""
    def write(text):
        (tmp_path / "groups").write_text(text)
        return f"--multicast-groups={tmp_path / 'groups'}"
    return write


def to_group(rng, group, length, tags=(), ttl=9, mac=GROUP_MAC, options=(), src=None, **more):
    header = Ether(src=frames.FROM, dst=mac)
    for tag in tags:
        header /= Dot1Q(vlan=tag)
    ip = (IPv6(src=src or "fd00::1", dst=group, hlim=ttl) if ":" in group
          else IP(src=src or "198.18.0.9", dst=group, ttl=ttl, id=rng.randrange(1 << 16), options=list(options),
                  **more))
    header = bytes(header / ip / UDP(sport=5, dport=6))
    return bytes(Ether(header) / Raw(rng.randbytes(length - len(header))))


def as_sent(hosts, frame, port, vlan=None, less_ttl=0):
    """What a member gets of a frame."""
    packet = Ether(frame)
    ip = packet[IPv6] if IPv6 in packet else packet[IP]
    if less_ttl and IP in packet:
        ip.ttl -= less_ttl
        del ip.chksum
    elif less_ttl:
        ip.hlim -= less_ttl
    header = Ether(src=hosts.port_mac(port), dst=packet.dst)
    return bytes(header / Dot1Q(vlan=vlan) / ip if vlan else header / ip)


LENGTHS = (60, 300, 526, 527, 1000, 1510)


@pytest.mark.parametrize("driver, ttl", [("af_packet", 0), ("af_packet", 1), ("af_xdp", 1)],
                         indirect=["driver"])
def test_multicast_sends_each_member_its_own_header(hosts, start, groups, seed, ttl):
    forwarder = start("--forward-mode=multicast", groups(GROUPS), *["--multicast-ttl"] * ttl)
    rng = random.Random(seed)
    one = [to_group(rng, "239.1.1.1", length) for length in LENGTHS]
    one += [to_group(rng, "239.1.1.1", 700, tags) for tags in ([77], [78, 79])]
    one += [to_group(rng, "239.1.1.1", 64, options=[b"\x94\x04\x00\x00"])]  # router alert
    six = [to_group(rng, "ff05::7", length) for length in (70, 1500)]
    other = [to_group(rng, "239.9.9.9", length) for length in LENGTHS]
    alone = [to_group(rng, "224.5.5.5", 60)]  # its only member is the sender
    dying = [to_group(rng, "239.1.1.1", 60, ttl=1)] * ttl
    unicast = [to_group(rng, "239.1.1.1", 60, mac=frames.TO), to_group(rng, "198.18.0.3", 60),
               frames.plain(60, rng)]
    bad = alone + dying + unicast
    # More tags than a segment has room to copy, and than scapy looks behind.
    plain = to_group(rng, "239.1.1.1", 300)
    deep = [plain[:12] + b"\x81\0\0\7" * 261 + plain[12:]]
    sent, one = one + deep + six + other + bad, one + [plain]
    exchange(hosts, [sent, [], [], []], [
        [],
        [as_sent(hosts, frame, 1, vlan, ttl) for frame in one for vlan in (10, 11)],
        [as_sent(hosts, frame, 2, None, ttl) for frame in one],
        [as_sent(hosts, frame, 3, 4094, ttl) for frame in six] +
        [as_sent(hosts, frame, 3, None, ttl) for frame in other],
    ])
    final = forwarder.stop()
    assert final["all"]["TX-packets"] == 3 * len(one) + len(six) + len(other)
    assert (f"multicast: {len(unicast)} not multicast, 0 unknown group, 1 no other member, "
            f"{ttl} ttl expired, 0 bad header, 0 stays on link") in forwarder.output, forwarder.said()


@pytest.mark.parametrize("driver, ttl", [("af_packet", 0), ("af_packet", 1)], indirect=["driver"])
def test_multicast_passes_on_what_a_router_would(hosts, start, groups, seed, ttl):
    """As a router, with --multicast-ttl; broken headers in no case."""
    forwarder = start("--forward-mode=multicast", groups("* port=1\n"), *["--multicast-ttl"] * ttl)
    rng = random.Random(seed)
    local = [to_group(rng, group, 100, src=src) for group, src in [
        ("224.0.0.0", None), ("224.0.0.5", None), ("224.0.0.255", None), ("ff00::7", None), ("ff01::1", None),
        ("ff02::5", None), ("ff02::1:ff00:2", None), ("ff12::5", None), ("ff32:0:1::5", None),
        ("239.1.1.1", "169.254.7.7"), ("239.1.1.1", "0.0.0.0"), ("239.1.1.1", "224.1.1.1"),
        ("239.1.1.1", "127.0.0.1"), ("ff05::7", "fe80::1"), ("ff05::7", "::"), ("ff05::7", "ff05::1")]]
    far = [to_group(rng, group, 100) for group in ("224.0.1.0", "239.1.1.1", "ff03::5", "ff05::7", "ff0e::7")]
    broken = [to_group(rng, "239.1.1.1", 100, **more) for more in (
        {"chksum": 0xbad}, {"len": 500}, {"len": 19}, {"options": [b"\x94\4\0\0"], "chksum": 0xbad})]
    sent = far + ([] if ttl else local)
    exchange(hosts, [broken + local + far if ttl else broken + sent, [], [], []],
             [[], [as_sent(hosts, frame, 1, None, ttl) for frame in sent], [], []])
    forwarder.stop()
    assert (f"multicast: 0 not multicast, 0 unknown group, 0 no other member, 0 ttl expired, {len(broken)} bad header, "
            f"{ttl * len(local)} stays on link") in forwarder.output, forwarder.said()


@pytest.mark.parametrize("driver", ["af_packet"], indirect=True)
def test_multicast_drops_groups_that_are_not_in_the_table(hosts, start, groups, seed):
    forwarder = start("--forward-mode=multicast", groups("239.1.1.1 port=1\n"))
    rng = random.Random(seed)
    known = [to_group(rng, "239.1.1.1", length) for length in LENGTHS]
    unknown = [to_group(rng, group, 100) for group in ("239.1.1.2", "ff05::7", "224.0.0.1")]
    exchange(hosts, [unknown + known, known, [], []],
             [[], [as_sent(hosts, frame, 1) for frame in known], [], []])
    forwarder.stop()
    assert (f"multicast: 0 not multicast, 3 unknown group, {len(known)} no other member, "
            f"0 ttl expired, 0 bad header, 0 stays on link") in forwarder.output, forwarder.said()


@pytest.mark.parametrize("text, says", [
    ("# nothing\n\n", r"no group.*239"),
    ("239.1.1.1 port=1\n198.18.0.1 port=1\n", r"groups:2: '198.18.0.1'.*224.0.0.0 to 239"),
    ("fe80::1 port=1\n", r"groups:1: 'fe80::1'.*ff00::/8"),
    ("239.1.1.1\n", r"groups:1: port=PORT is missing"),
    ("239.1.1.1 port=3\n", r"groups:1: port=3.*3 ports"),
    ("239.1.1.1 port=1x\n", r"groups:1: port=1x.*0 to"),
    ("239.1.1.1 port=1 vlan=4095\n", r"groups:1: vlan=4095.*1 to 4094"),
    ("239.1.1.1 port=1 port=0\n", r"groups:1: 'port=0': port= stands there twice"),
    ("* vlan=2 port=1 vlan=2\n", r"groups:1: 'vlan=2': vlan= stands there twice"),
    ("* port=1 mac=2\n", r"groups:1: 'mac=2'.*port=PORT and vlan=ID"),
    ("* port=1 vlan=2\n\n* port=1 vlan=2\n", r"groups:3: .*already"),
    ("".join(f"* port=1 vlan={i}\n" for i in range(1, 66)), r"groups:65: .*64 members"),
], ids=lambda value: value[:20])
def test_wrong_table_is_refused_with_file_and_line(groups, text, says):
    check_refusal(*run("--forward-mode=multicast", groups(text), eal=NULLS), says)


@pytest.mark.parametrize("options, says", [
    (["multicast"], r"--multicast-groups=FILE"),
    (["multicast", "--multicast-groups=/nowhere"], r"groups=/nowhere.*No such file"),
    (["multicast", "--multicast-groups=/"], r"groups=/:.*directory"),
    (["flood", "--flood-by=fax"], r"flood-by=fax.*share, fanout, clone or copy"),
    (["mirror"], r"--mirror-port"),
    (["mirror", "--mirror-port=7"], r"mirror-port=7.*3 ports"),
    (["mirror", "--mirror-port=1", "--portmask=0x5"], r"mirror-port=1.*2 ports"),
    (["mirror", "--mirror-port=0", "--portmask=0x1"], r"mirror-port=0.*one more"),
    (["mirror", "--mirror-port=x"], r"mirror-port=x.*0 to"),
], ids=str)
def test_wrong_option_is_refused(options, says):
    check_refusal(*run(f"--forward-mode={options[0]}", *options[1:], eal=NULLS), says)
