# SPDX-License-Identifier: BSD-3-Clause
"""Commands: at the prompt, through a pipe and at a terminal, and from a file."""

import json
import os
import pty
import random
import re
import signal
import subprocess
import time

import pytest

import frames
from forwarder import Forwarder
from network import PATIENCE

PORTS = ["--vdev=net_null0", "--vdev=net_null1"]
MODES = ("io", "mac", "macswap", "rxonly", "txonly")

# command, what its answer must contain; in an order that makes sense
GOOD_COMMANDS = [
    ("help", r"start tx_first N +\w"),
    ("help set", r"\Aset:(.|\n)*set fwd MODE"),
    ("# nothing", r"\A\Z"),
    ("  ", r"\A\Z"),
    ("show config cores", r"main lcore 0"),
    ("show config rxtx", r"port 0: stopped"),
    ("show config fwd", r"mode io, .*\n(.*\n)+ +1 .* 0/0 .* 1/0"),
    ("show port info all", r"Infos for port 0 (.|\n)*Driver name: net_null(.|\n)*Infos for port 1 "),
    ("set fwd macswap", r"\A\Z"),
    ("set burst 16", r"\A\Z"),
    ("set nbcore 1", r"\A\Z"),
    ("set eth-peer 1 02:00:00:00:00:77", r"\A\Z"),
    ("set record-core-cycles on", r"\A\Z"),
    ("set record-burst-stats on", r"\A\Z"),
    ("set record-burst-stats off", r"\A\Z"),
    ("port config all rxq 2", r"\A\Z"),
    ("port config all txq 2", r"\A\Z"),
    ("port config all rxd 256", r"\A\Z"),
    ("port config all txd 128", r"\A\Z"),
    ("set portlist 1,0", r"\A\Z"),
    ("show config fwd", r"\n +1 .* 1/0 .* 0/0 "),
    ("set portmask 0x2", r"\A\Z"),
    ("show config fwd", r", 1 ports.*\nports 1; at rest 0\n"),
    ("show port info 0", r"Infos for port 0 "),
    ("set portlist 0-1", r"\A\Z"),
    ("set nbport 2", r"\A\Z"),
    ("set txpkts 128", r"\A\Z"),
    ("port config mtu 1 1400", r"\A\Z"),
    ("start tx_first 2", r"forwarding: mode macswap, .* burst 16"),
    ("sleep 0.05", r"\A\Z"),
    ("show config rxtx", r"port 0: 2 receive queues of 256 .* 2 transmit queues of 128"),
    ("show port stats 0", r"NIC statistics for port 0 (.|\n)*RX-packets: [1-9]"),
    ("sleep 0.05", r"\A\Z"),
    ("show port stats 0", r"Rx-pps: +[1-9]"),
    ("clear port stats all", r"\A\Z"),
    ("show port xstats 1", r"rx_good_packets: [1-9]"),
    ("clear port xstats 1", r"\A\Z"),
    ("show fwd stats all", r"statistics for port 1 .*\n +RX-packets: [1-9]"),
    ("show pool", r"\nrx +2048 +(\d+) +\d+ +\d+ +\d+\n"),
    ("show storage", r"\nfwd.\drx +\d +\d+ +\d+ +\d+ (.|\n)*\nfwd.\dwr +\d +\d+ +16 +0 +16 "
                     r"(.|\n)*\noutstanding, all kinds +\d(.|\n)* drops refused, as too many +0\n"),
    ("show lcore", r"\n +1 +\S+ +4 +[1-9]\d* +[1-9]\d* +[1-9]\d* +\d+ +\d+\.\d"),
    ("show streams", r"stream 3 .* port 1 queue 1 -> port 0 queue 1: rx [1-9]"),
    ("stop", r"Accumulated forward statistics for all ports(.|\n)*TX-packets: [1-9]"),
    ("show fwd stats all", r"Accumulated forward statistics for all ports(.|\n)*TX-packets: [1-9]"),
    ("clear fwd stats all", r"\A\Z"),
    ("port stop 1", r"\A\Z"),
    ("show port info 1", r"State: stopped"),
    ("port start all", r"\A\Z"),
    ("show port info 1", r"State: started\n(.|\n)*MTU: 1400\n"),
    ("set nbport 1", r"\A\Z"),
    ("port attach net_null2", r"port 2: attached, rests until set portlist has it"),
    ("show config fwd", r"\nports 0; at rest 1, 2\n"),
    ("port detach 1", r"\A\Z"),
    ("set nbport 2", r"\A\Z"),
    ("show config fwd", r", 2 ports(.|\n)* 0/0 .* 2/0 "),
    ("port attach net_null1", r"port 1: attached, takes part"),
    ("set portlist 0,1", r"\A\Z"),
    ("show port info 2", r"Device name: net_null2"),
    ("port detach 2", r"\A\Z"),
    ("set flush_rx on", r"\A\Z"),
    ("start", r"\Aflushed [1-9]\d* packets(.|\n)*\nforwarding: mode macswap"),
    ("stop", r"TX-packets"),
    ("set flush_rx off", r"\A\Z"),
    ("start tx_first", r"\Aport 0(.|\n)*forwarding: mode macswap"),
]

# command, what the one line on stderr must contain; nothing is forwarded
BAD_COMMANDS = [
    ("shwo port", r"'shwo port': command not found, see help"),
    ("STOP", r"'STOP': command not found"),
    ("show", r"behind 'show' is port, fwd, config, pool, storage, lcore, streams"),
    ("show port stat all", r"behind 'show port' is info, stats, xstats"),
    ("show port stats 2", r"behind 'show port stats' is all, 0, 1"),
    ("show port stats -1", r"behind 'show port stats' is all, 0, 1"),
    ("show port stats all all", r"behind 'show port stats all' is nothing"),
    ("clear", r"behind 'clear' is fwd, port"),
    ("help me", r"behind 'help' is run, show, set, port"),
    ("stop", r"nothing is forwarded, start first"),
    ("stop it", r"behind 'stop' is nothing"),
    ("start tx_first many", r"behind 'start tx_first' is a number"),
    ("start tx_first 4294967296", r"behind 'start tx_first' is a number"),
    ("set promisc 0 off", r"port 0 \(net_null\) refuses to change promiscuous mode"),
    ("set allmulti 1 off", r"port 1 \(net_null\) refuses to change"),
    ("sleep long", r"behind 'sleep' is a number of seconds"),
    ("show fwd stats all", r"nothing has been forwarded yet: start first"),
    ("show lcore", r"nothing has been forwarded yet: start first"),
    ("show streams", r"nothing has been forwarded yet: start first"),
    ("set", r"behind 'set' is fwd, "),
    ("set fwd bounce", r"behind 'set fwd' is io, .*macswap"),
    ("set burst", r"behind 'set burst' is a value"),
    ("set burst 0", r"burst=0: allowed is 1 to 512"),
    ("set burst x", r"burst=x: allowed is 1 to 512"),
    ("set record-core-cycles maybe", r"record-core-cycles=maybe: allowed is on or off"),
    ("set portmask 0", r"'0': allowed is a hexadecimal mask"),
    ("set portmask 0x5", r"'0x5': port 2 is not in use"),
    ("set portlist 1,", r"'1,': allowed are port numbers and ranges"),
    ("set portlist 0-1,1", r"'0-1,1': port 1 stands there twice"),
    ("set portlist 0-99999999999", r"port 2 is not in use"),
    ("set nbport 3", r"nbport=3: allowed is 1 to 2"),
    ("port config mtu 0 67", r"mtu=67: allowed is 68 to 65535"),
    ("port config mtu 0 9000", r"port 0 .* frames of 9018 bytes .* do not fit .*--mbuf-size=9146"),
    ("port config mtu all 1500", r"behind 'port config mtu' is 0, 1"),
    ("port cleanup 0 txq 0 0", r"port 0 \(net_null\): is stopped"),
    ("set eth-peer 0 02:00", r"behind 'set eth-peer 0' is an address"),
    ("set eth-peer 5 02:00:00:00:00:01", r"behind 'set eth-peer' is 0, 1"),
    ("set promisc all maybe", r"behind 'set promisc all' is on, off"),
    ("set link-up port all", r"behind 'set link-up port' is 0, 1"),
    ("port config all rxq 0", r"rxq=0: allowed is 1 to"),
    ("port config all rxq 1025", r"rxq=1025: port 0 \(net_null\) has at most 1024|allowed is 1 to"),
    ("port config all mtu 1500", r"behind 'port config all' is rxq, txq, rxd, txd"),
    ("port dance 0", r"behind 'port' is start, stop, config, cleanup, attach, detach"),
    ("port attach net_nowhere0", r"port attach net_nowhere0: "),
    ("port attach net_null0", r"port attach net_null0: is there already, as port 0"),
    ("port detach 2", r"behind 'port detach' is 0, 1"),
    ("a b c d e f g h i j k l m n o p q r", r"more than 16 words"),
    ("x" * 1100, r"more than 1023 bytes"),
    ("set port-topology \x01\x7f", r"allowed is paired, loop or chained"),
]

NEED_A_STOP = ("start", "set fwd mac", "set burst 4", "port stop 0", "port start all",
               "port config all rxq 1", "set portlist 0", "port config mtu 0 1000",
               "port cleanup 0 txq 0 0")


def session(*commands, options=("-i",), ports=PORTS):
    """Give commands through a pipe to their end: exit status and the forwarder."""
    with Forwarder(*options, eal=ports, stdin=subprocess.PIPE) as forwarder:
        forwarder.process.stdin.write("\n".join(commands))
        forwarder.process.stdin.close()
        status = forwarder.wait_for_exit()
        forwarder.kept_errors = forwarder.own_error_lines()
        forwarder.kept_said = forwarder.said()
    return status, forwarder


def answers(forwarder):
    """[(command, its output)]"""
    text = "\n".join(forwarder.output)
    parts = re.split(r"^mext-fwd> (.*)$", text, flags=re.M)[1:]
    return [(command, answer.strip("\n")) for command, answer in zip(parts[::2], parts[1::2])]


def test_every_command_does_what_it_says():
    status, forwarder = session(*(command for command, _ in GOOD_COMMANDS), "quit", "start")
    said = forwarder.kept_said
    assert status == 0 and "buffers outstanding: 0" in forwarder.output, said
    assert forwarder.kept_errors == [], said
    given = answers(forwarder)
    assert [command for command, _ in given] == [c for c, _ in GOOD_COMMANDS] + ["quit"], said
    for (command, answer), (_, pattern) in zip(given, GOOD_COMMANDS):
        assert re.search(pattern, answer), f"'{command}' answers:\n{answer}"
    assert "TX-packets" in given[-1][1], "no statistics of what ran at quit"


def test_every_wrong_command_is_answered_in_one_line():
    status, forwarder = session(*(command for command, _ in BAD_COMMANDS))
    assert status == 0 and "buffers outstanding: 0" in forwarder.output, forwarder.kept_said
    assert len(forwarder.kept_errors) == len(BAD_COMMANDS), forwarder.kept_said
    for (command, pattern), line in zip(BAD_COMMANDS, forwarder.kept_errors):
        assert re.search(pattern, line), f"'{command[:80]}' answers:\n{line}"


def test_what_needs_a_stop_says_so_and_changes_nothing():
    status, forwarder = session("start", *NEED_A_STOP, "show config fwd", "stop", "port stop 1",
                                "start", "port start 1", "start")
    assert status == 0, forwarder.kept_said
    for command, line in zip(NEED_A_STOP, forwarder.kept_errors):
        assert f"'{command}': stop forwarding first" in line
    assert "port 1 is stopped: port start 1 first" in forwarder.kept_errors[-1]
    assert len(forwarder.kept_errors) == len(NEED_A_STOP) + 1, forwarder.kept_said
    assert "mode io" in dict(answers(forwarder))["show config fwd"]


def test_clear_fwd_stats_counts_anew_while_it_forwards(tmp_path):
    report = tmp_path / "report"
    status, forwarder = session("set nbport 1", "set txpkts 60", "start tx_first", "sleep 0.3", "show fwd stats all",
                                "clear fwd stats all", "show fwd stats all", "stop", "port cleanup 0 txq 0 0",
                                options=("-i", f"--json={report}"), ports=["--vdev=net_ring0"])
    assert status == 0 and "buffers outstanding: 0" in forwarder.output, forwarder.kept_said
    assert re.search("net_ring.* gives nothing back on request", forwarder.kept_errors[0])
    shown = [answer for command, answer in answers(forwarder) if command == "show fwd stats all"]
    before, after = (int(re.search(r"RX-packets: (\d+)", answer)[1]) for answer in shown)
    assert 0 < after < before / 2, shown
    done = json.loads(report.read_text())
    assert done["elapsed_seconds"] < 0.3, done["elapsed_seconds"]


def test_without_a_port_the_prompt_waits_for_one():
    status, forwarder = session("show config fwd", "start", "port attach net_null0", "start",
                                "sleep 0.05", "stop", ports=())
    assert status == 0 and "buffers outstanding: 0" in forwarder.output, forwarder.kept_said
    assert re.search("warning: no port found: port attach", forwarder.kept_errors[0])
    assert re.search("there is no port: port attach", forwarder.kept_errors[1])
    assert len(forwarder.kept_errors) == 2, forwarder.kept_said
    assert re.search(r"RX-packets: [1-9]", answers(forwarder)[-1][1])


def test_memif_client_needs_its_server_and_says_so(tmp_path):
    memif = f"--vdev=net_memif0,role={{}},socket={tmp_path}/socket,socket-abstract=no"
    with Forwarder("-i", eal=[memif.format("client")], stdin=subprocess.PIPE) as client:
        client.type("start")
        client.wait_for_error(r"port 0 \(net_memif\) does not start .* must find its server")
        with Forwarder("-i", "-a", eal=[memif.format("server")], stdin=subprocess.PIPE) as server:
            server.wait_until_forwarding()
            client.type("start")
            client.wait_until_forwarding()
            server.wait_for("port 0: link up")
            # net_memif takes a ring away under who polls it, and that may end in SIGSEGV.
            server.type("stop")
            server.wait_for(".*Accumulated forward statistics")
            client.type("quit")
            client.check_end()
            server.type("quit")
            server.check_end()


def test_start_that_can_not_be_leaves_the_prompt():
    status, forwarder = session("port config all rxq 2", "start", "port config all txq 2",
                                "port config all rxd 60000", "start", "port config all rxd 512",
                                "start")
    assert status == 0 and "buffers outstanding: 0" in forwarder.output, forwarder.kept_said
    assert len(forwarder.kept_errors) == 2, forwarder.kept_said
    assert re.search(r"--txq=1 is less than --rxq=2", forwarder.kept_errors[0])
    assert re.search(r"total-num-mbufs=\d+ is too small", forwarder.kept_errors[1])
    assert "TX-packets" in answers(forwarder)[-1][1]


def test_auto_start_forwards_before_the_prompt():
    _, forwarder = session("show config fwd", "stop", options=("-i", "-a"))
    assert forwarder.kept_errors == [], forwarder.kept_said
    begun = next(n for n, line in enumerate(forwarder.output) if line.startswith("forwarding:"))
    assert begun < forwarder.output.index("mext-fwd> show config fwd")


def test_duration_stops_a_start_and_leaves_the_prompt():
    status, forwarder = session("start", "sleep 5", "show config fwd", "set fwd mac", "start",
                                "sleep 5", options=("-i", "--duration=0.2", "--stats-period=0.1"))
    assert status == 0 and forwarder.kept_errors == [], forwarder.kept_said
    assert len([line for line in forwarder.output if "Accumulated" in line]) == 2
    assert "port 0: rx" in forwarder.kept_said


@pytest.mark.parametrize("end, state", [
    (signal.SIGINT, "idle"), (signal.SIGTERM, "running"), (signal.SIGINT, "asleep"),
    ("EOF", "running"), ("EOF", "asleep")])
def test_prompt_ends_by(end, state):
    with Forwarder("-i", eal=PORTS, stdin=subprocess.PIPE) as forwarder:
        forwarder.type("show pool")
        forwarder.wait_for("pool fwd")
        if state != "idle":
            forwarder.type("start")
            forwarder.wait_until_forwarding()
        if state == "asleep":
            forwarder.type("sleep 1" if end == "EOF" else "sleep 1000", "show pool")
            forwarder.wait_for("mext-fwd> sleep")
        if end == "EOF":
            forwarder.process.stdin.close()
        else:
            forwarder.process.send_signal(end)
        final = forwarder.check_end()
        assert ("all" in final) == (state != "idle"), forwarder.said()


def test_modes_change_under_traffic_and_nothing_is_lost(network, start, driver, seed):
    forwarder = start("-i", "-a", stdin=subprocess.PIPE)
    rng = random.Random(seed)
    for mode in MODES * 2:
        forwarder.type("stop", f"set fwd {mode}")
        if driver != "af_xdp":  # whose sockets can't be set up twice
            forwarder.type(f"port config all rxd {rng.choice((256, 512))}")
        forwarder.type("port stop 0", "port start 0", f"set burst {rng.randint(1, 512)}")
        forwarder.wait_for("mext-fwd> set burst")
        network.drain()
        stale = [frames.plain(60, rng) for _ in range(8)]
        for frame in stale:
            network.wires[0].send(frame)
        forwarder.type("start")
        forwarder.wait_for(f"forwarding: mode {mode},")
        sent = [frames.plain(100, rng) for _ in range(20)]
        for frame in sent:
            network.wires[0].send(frame)
        if mode == "txonly":
            assert network.wires[1].receive() is not None
        elif mode != "rxonly":
            came = network.wires[1].receive_many(len(sent))
            assert [frame[14:] for frame in came] == [frame[14:] for frame in sent], mode
    forwarder.type("quit")
    forwarder.check_end()
    assert forwarder.own_error_lines() == []


@pytest.mark.parametrize("driver", ["af_packet"])
def test_no_flush_rx_forwards_what_waited(network, start, seed):
    forwarder = start("-i", "-a", "--no-flush-rx", stdin=subprocess.PIPE)
    forwarder.type("stop")
    forwarder.wait_for(".*Accumulated")
    waiting = frames.plain(100, random.Random(seed))
    network.wires[0].send(waiting)
    forwarder.type("start")
    assert network.wires[1].receive() == waiting
    forwarder.type("quit")
    forwarder.check_end()


@pytest.mark.parametrize("driver", ["af_packet"])
def test_promiscuous_mode_stays_as_set(start):
    forwarder = start("-i", "-a", stdin=subprocess.PIPE)
    for port, mode in ((0, "off"), (1, "on")):
        forwarder.type(f"set promisc {port} {mode}")
    forwarder.type("stop", "port stop all", "port start 0", "port start 1", "start", "show port info all", "quit")
    forwarder.check_end()
    assert forwarder.own_error_lines() == []
    shown = re.findall(r"^Promiscuous mode: (\w+)$", forwarder.text, re.M)
    assert shown == ["off", "on"], forwarder.said()


class Terminal:
    """mext-fwd with its prompt at a pseudo-terminal."""

    def __init__(self, *options):
        self.own, theirs = pty.openpty()
        self.forwarder = Forwarder("-i", *options, eal=PORTS, stdin=theirs)
        os.close(theirs)

    def __enter__(self):
        self.wait_for(r"mext-fwd> \Z")
        return self

    def __exit__(self, *_):
        self.forwarder.__exit__()
        os.close(self.own)

    def press(self, keys):
        os.write(self.own, keys.encode())

    def wait_for(self, pattern):
        """Wait until all output so far ends so: lines come without their end, so not by lines."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.forwarder.text):
            assert time.monotonic() < end, f"no {pattern!r} in {self.forwarder.text!r}"
            time.sleep(0.01)


def test_terminal_has_completion_help_and_history():
    with Terminal() as terminal:
        terminal.press("set fwd macs\t")
        terminal.wait_for(r"set fwd macswap")
        terminal.press("\n")
        terminal.press("show config f\t\n")
        terminal.wait_for(r"mode macswap, topology")
        terminal.press("set fwd \t")
        terminal.wait_for(r" rxonly (.|\n)* txonly ")
        terminal.press("\x01\x0bshow p\t\t")
        terminal.wait_for(r"show port stats PORTS(.|\n)*levels of every kind")
        terminal.press("\x01\x0bset promisc \t")
        terminal.wait_for(r"all (.|\n)*\b0 (.|\n)*\b1 ")
        terminal.press("\x01\x0bset port-topology star\n")
        terminal.press("help run\n")
        terminal.wait_for(r"stop forwarding, print")
        terminal.press("\x1b[A\x1b[A\x7f\x7f\x7f\x7floop\n")
        terminal.press("show config fwd\n")
        terminal.wait_for(r"topology loop")
        assert len(terminal.forwarder.own_error_lines()) == 1
        terminal.press("\x04")
        terminal.forwarder.check_end()


@pytest.mark.parametrize("keys", ["\x04", "start\nquit\nshow pool\n"])
def test_terminal_ends_by_key(keys):
    with Terminal() as terminal:
        terminal.press(keys)
        terminal.forwarder.check_end()
        assert "kind  " not in terminal.forwarder.text


def file_of(tmp_path, *commands):
    file = tmp_path / "commands"
    file.write_text("\n".join(commands) + "\n")
    return f"--cmdline-file={file}"


def run_file(tmp_path, *commands, options=()):
    status, forwarder = session(options=(file_of(tmp_path, *commands), *options))
    return status, forwarder


def test_file_with_quit_ends_the_program(tmp_path):
    status, forwarder = run_file(tmp_path, "# try", "set fwd txonly", "start", "sleep 0.05", "stop",
                                 "quit", "start")
    assert status == 0 and forwarder.kept_errors == [], forwarder.kept_said
    assert "buffers outstanding: 0" in forwarder.output
    assert answers(forwarder)[-1][0] == "quit"


def test_file_without_quit_goes_on_to_forward(tmp_path):
    status, forwarder = run_file(tmp_path, "set fwd macswap", options=["--duration=0.1"])
    assert status == 0 and forwarder.kept_errors == [], forwarder.kept_said
    assert [line for line in forwarder.output if line.startswith("forwarding: mode macswap")]
    assert "buffers outstanding: 0" in forwarder.output


def test_file_that_fails_ends_with_1_and_names_the_line(tmp_path):
    status, forwarder = run_file(tmp_path, "start", "stop", "set burst 0", "start")
    assert status == 1, forwarder.kept_said
    assert re.search(r"burst=0", forwarder.kept_errors[0])
    assert re.search(r"cmdline-file=.*: line 3 failed", forwarder.kept_errors[1])
    assert answers(forwarder)[-1][0] == "set burst 0"
    assert "buffers outstanding: 0" in forwarder.output


def test_file_then_prompt(tmp_path):
    with Forwarder(file_of(tmp_path, "set burst 0", "set fwd mac"), "-i", eal=PORTS,
                   stdin=subprocess.PIPE) as forwarder:
        forwarder.type("show config fwd", "quit")
        forwarder.wait_for("mode mac,")
        forwarder.check_end()
        assert len(forwarder.own_error_lines()) == 2, forwarder.said()


def test_file_that_is_not_there(tmp_path):
    status, forwarder = session(options=(f"--cmdline-file={tmp_path}/none",))
    assert status == 1, forwarder.kept_said
    assert re.search(r"cmdline-file=.*none: No such file", forwarder.kept_errors[0])
