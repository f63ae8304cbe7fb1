# SPDX-License-Identifier: BSD-3-Clause
"""What mext-fwd tells: the same numbers as text, JSON and telemetry; exit status; the live view."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import jsonschema
import pytest

import frames
from forwarder import Forwarder, vdevs
from network import ROOT
from telemetry import Telemetry

SCHEMA = ROOT / "doc" / "mext-fwd.schema.json"
NULLS = ["--vdev=net_null0", "--vdev=net_null1"]
# A port that sends to itself: until somebody sends, nothing comes.
RING = ["--vdev=net_ring0"]
FIELDS = {"RX-packets": "rx_packets", "TX-packets": "tx_packets"}
LENGTHS = [60, 61, 64, 128, 777, 1514]
ROUNDS = 20


def strict(schema):
    """The schema, but what it does not name is not allowed: so all that there is is documented."""
    if isinstance(schema, list):
        return [strict(value) for value in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: strict(value) for name, value in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


def read_report(path):
    """The report in a file, valid by its schema."""
    report = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    schema = strict(json.loads(SCHEMA.read_text(encoding="utf-8")))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
    return report


def same_where_both_have_it(told, report):
    """Telemetry has no null, and fractions as text; what it has is what the report has."""
    for name, value in told.items():
        if isinstance(value, dict):
            same_where_both_have_it(value, report[name])
        elif isinstance(report[name], bool):
            assert bool(value) == report[name], name
        elif not re.search(r"_pps$|_bps$|turns|cycles|busy", name):  # of which time goes by
            assert value == report[name], name


@pytest.fixture
def forward(network):
    """forward(*options): mext-fwd on af_packet ports, with telemetry."""
    running = []

    def start_one(*options, **more):
        one = Forwarder(*options, eal=vdevs("af_packet", **more), namespace=network.fwd,
                        telemetry=True)
        running.append(one)
        return one.wait_until_forwarding()

    yield start_one
    for one in running:
        one.__exit__()


def test_text_json_and_telemetry_tell_the_same(network, forward, tmp_path, seed):
    file = tmp_path / "report.json"
    forwarder = forward(f"--json={file}", "--record-core-cycles", "--record-burst-stats",
                        "--display-xstats=rx_good_packets,tx_q0_bytes", "--stats-period=0.1")
    sent = [frames.plain(length, frames.random.Random(seed)) for length in LENGTHS] * ROUNDS
    for frame in sent:
        network.wires[0].send(frame)
    octets = sum(map(len, sent))
    with Telemetry(forwarder) as telemetry:
        # A snapshot asks the driver first and the streams then: the driver's may be behind in it.
        told = telemetry.wait_for("/mext/fwd/port,1", lambda port:
                                  port["tx_packets"] == len(sent) and
                                  port["xstats"]["tx_q0_bytes"] == octets)
        told_ports = telemetry.ask("/mext/fwd/ports")
        told_total = telemetry.ask("/mext/fwd/total")
        told_streams = telemetry.ask("/mext/fwd/streams")
    forwarder.wait_for(r"port 0: rx [1-9]")
    forwarder.wait_for(r"port 0: rx 0 pps")
    final = forwarder.stop()
    report = read_report(file)

    ports = report["ports"]
    assert ports[0]["rx_packets"] == ports[1]["tx_packets"] == len(sent)
    assert ports[0]["rx_bytes"] == ports[1]["tx_bytes"] == octets
    assert ports[1]["rx_packets"] == ports[0]["tx_packets"] == 0
    queues = {queue["port"]: queue for queue in report["queues"]}
    assert queues[0]["rx_packets"] == queues[1]["tx_packets"] == len(sent)
    assert queues[0]["rx_bytes"] == queues[1]["tx_bytes"] == octets
    for place, block in [(0, ports[0]), (1, ports[1]), ("all", report["total"])]:
        assert {name: final[place][name] for name in FIELDS} == \
            {name: block[field] for name, field in FIELDS.items()}, place
    assert ports[0]["xstats"] == {"rx_good_packets": len(sent), "tx_q0_bytes": 0}
    assert [line for line in forwarder.output if "rx_good_packets" in line][-2].split()[1] == \
        str(len(sent))

    same_where_both_have_it(told, ports[1])
    assert told_ports.pop("count") == 2
    same_where_both_have_it(told_ports, {str(port["port"]): port for port in ports})
    same_where_both_have_it(told_total, report["total"])
    assert told_streams["0"]["rx_packets"] == report["streams"][0]["rx_packets"] == len(sent)

    bursts = report["streams"][0]["rx_bursts"]
    assert sum(int(size) * number for size, number in bursts.items()) == len(sent)
    assert any(re.match(rf"  RX-bursts : {sum(bursts.values())} \[\d+% of 0 pkts", line)
               for line in forwarder.output), forwarder.said()
    cycles = report["total"]["cycles"]
    assert cycles == sum(lcore["cycles"] for lcore in report["lcores"]) > 0
    for name in ("rx_bytes", "tx_bytes"):
        assert sum(lcore[name] for lcore in report["lcores"]) == \
            sum(queue[name] for queue in report["queues"]) > 0
    assert report["total"]["cycles_per_packet"] == pytest.approx(cycles / len(sent))
    assert any(f"(total cycles={cycles} / total RX packets={len(sent)})" in line
               for line in forwarder.output), forwarder.said()

    rows = report["samples"]["rows"]
    assert report["samples"]["period_seconds"] == 0.1 and rows
    times = [0.0] + [row["elapsed_seconds"] for row in rows]
    assert times == sorted(times)
    moved = sum(row["ports"][0]["rx_pps"] * (end - begin)
                for row, begin, end in zip(rows, times, times[1:]))
    assert moved == pytest.approx(len(sent), abs=len(rows))  # rates are rounded
    assert report["exit_status"] == 0 and report["buffers_outstanding"] == 0
    assert report["program"]["arguments"][-1] == "--stats-period=0.1"
    assert "\x1b" not in "\n".join(forwarder.output)  # a pipe is no terminal


def test_two_queues_are_told_apart(network, forward, tmp_path, seed):
    file = tmp_path / "report.json"
    forwarder = forward("--rxq=2", "--txq=2", f"--json={file}", queues=2)
    sent = frames.flows(100, seed)
    for frame in sent:
        network.wires[0].send(frame)
    with Telemetry(forwarder) as telemetry:
        telemetry.wait_for("/mext/fwd/total", lambda total: total["tx_packets"] == len(sent))
        told = telemetry.ask("/mext/fwd/queues")
        assert set(telemetry.ask("/mext/fwd/queues,3")) == {"count", "3"}
    forwarder.stop()
    queues = read_report(file)["queues"]
    received = {(queue["port"], queue["queue"]): queue["rx_packets"] for queue in queues}
    assert received[0, 0] + received[0, 1] == len(sent) and received == forwarder.streams()
    assert sum(queue["rx_bytes"] for queue in queues) == sum(map(len, sent))
    for i, queue in enumerate(queues):
        assert told[str(i)]["tx_bytes"] == queue["tx_bytes"]


@pytest.fixture
def idle():
    """mext-fwd with telemetry, on a port to which nothing comes."""
    with Forwarder(eal=RING, telemetry=True) as forwarder:
        yield forwarder.wait_until_forwarding()


def test_telemetry_answers_every_command_and_refuses_wrong_parameters(idle):
    with Telemetry(idle) as telemetry:
        own = [name for name in telemetry.ask("/") if name.startswith("/mext/fwd/")]
        assert {"/mext/fwd/" + name for name in (
            "info", "total", "ports", "port", "queues", "lcores", "streams", "mode", "pool")} == \
            set(own)
        for name in own:
            assert telemetry.ask(f"/help,{name}")[name]
            assert telemetry.ask(name + (",0" if name.endswith("/port") else "")), name
            for wrong in ("x", "-1", "99", "0x1", "1,2", "99999999999999999999"):
                assert telemetry.ask(f"{name},{wrong}") is None, f"{name},{wrong}"
        assert telemetry.ask("/mext/fwd/port") is None
        info = telemetry.ask("/mext/fwd/info")
        assert info["running"] == 1 and info["configuration"]["mode"] == "io"
        rx = telemetry.ask("/mext/fwd/pool")["rx"]
        assert rx["kind"] == "rx" and rx["total"] == 16384


def test_dpdk_telemetry_script_shows_it(idle):
    script = shutil.which("dpdk-telemetry.py")
    if not script:
        pytest.skip("dpdk-telemetry.py is not installed (Debian: dpdk)")
    done = subprocess.run(
        [script], input="/mext/fwd/port,0\nquit\n", check=True, capture_output=True, text=True,
        timeout=60, env={**os.environ, "RUNTIME_DIRECTORY": idle.scratch.name})
    assert re.search(r'\{"/mext/fwd/port": \{"port": 0, "driver": "net_ring"', done.stdout), \
        done.stdout


def test_drops_are_told_by_cause(tmp_path):
    file = tmp_path / "report.json"
    with Forwarder("--forward-mode=txonly", "--tx-retries=2", "--duration=0.3", f"--json={file}",
                   eal=RING) as forwarder:
        final = forwarder.check_end()
    report = read_report(file)
    stream, total = report["streams"][0], report["total"]
    # A ring of 1,024 holds 1,023.
    assert final["all"]["TX-packets"] == total["tx_packets"] == stream["tx_packets"] == 1023
    assert total["drops"]["tx_full"] == final["all"]["TX-dropped"] == stream["made"] - 1023 > 0
    assert total["dropped"] == sum(total["drops"].values())
    # All but the bursts that were taken whole were tried again, twice.
    assert total["retries"] == 2 * (stream["turns_busy"] - 1023 // 32)


def test_run_that_forwarded_nothing_ends_with_status_2(tmp_path):
    for mode, nothing in (("io", "forwarded"), ("rxonly", "received")):
        file = tmp_path / f"{mode}.json"
        with Forwarder(f"--forward-mode={mode}", "--duration=0.1", f"--json={file}",
                       eal=RING) as forwarder:
            assert forwarder.wait_for_exit() == 2, forwarder.said()
            assert len(forwarder.own_error_lines()) == 1
            assert re.search(rf"nothing was {nothing}: no frame came to any port",
                             forwarder.own_error_lines()[0])
        assert read_report(file)["exit_status"] == 2


def test_run_whose_frames_the_mode_rejected_all_ends_with_status_2(tmp_path):
    # net_null's frames are zeros: no request to answer.
    with Forwarder("--forward-mode=icmpecho", "--duration=0.1", f"--json={tmp_path / 'report'}",
                   eal=NULLS) as forwarder:
        assert forwarder.wait_for_exit() == 2, forwarder.said()
        errors = forwarder.own_error_lines()
    report = read_report(tmp_path / "report")
    rejected, received = report["total"]["drops"]["rejected"], report["total"]["rx_packets"]
    assert rejected == received > 0 and report["exit_status"] == 2
    assert len(errors) == 1 and f"mode icmpecho could do nothing with {rejected} of the {received} packets" \
        in errors[0], errors


def test_report_that_cannot_be_written_is_refused_before_anything_runs(tmp_path):
    for file, why in ((tmp_path / "none" / "r.json", "No such file"), (tmp_path, "directory"),
                      (tmp_path / ("x" * 255), "name too long")):
        with Forwarder(f"--json={file}", eal=NULLS) as forwarder:
            assert forwarder.wait_for_exit() == 1, forwarder.said()
            assert not [line for line in forwarder.output if line.startswith("forwarding")]
            errors = forwarder.own_error_lines()
        assert len(errors) == 1 and f"--json={file}" in errors[0] and why in errors[0], errors
    assert not list(tmp_path.iterdir())


def test_report_that_cannot_be_written_at_the_end_is_an_error(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with Forwarder(f"--json={folder}/r.json", eal=NULLS) as forwarder:
        forwarder.wait_until_forwarding()
        folder.rmdir()
        forwarder.process.terminate()
        assert forwarder.wait_for_exit() == 1, forwarder.said()
        assert f"--json={folder}/r.json: can't be written: No such file" in \
            forwarder.own_error_lines()[-1]
        assert "buffers outstanding: 0" in forwarder.output


def test_report_replaces_a_file_as_a_whole(tmp_path):
    file = tmp_path / "report.json"
    file.write_text("old")
    with Forwarder(f"--json={file}", "--duration=0.1", eal=NULLS) as forwarder:
        forwarder.wait_until_forwarding()
        assert file.read_text() == "old"
        forwarder.check_end()
    assert read_report(file)["samples"] is None
    assert list(tmp_path.iterdir()) == [file]


def test_full_disk_is_an_error():
    with Forwarder("--json=/dev/full", "--duration=0.1", eal=NULLS) as forwarder:
        assert forwarder.wait_for_exit() == 1, forwarder.said()
        assert forwarder.own_error_lines() == [
            "mext-fwd: --json=/dev/full: can't be written: No space left on device"]


def test_statistic_that_no_port_has_is_told():
    with Forwarder("--display-xstats=rx_good_packets,tx_goood", "--duration=0.1",
                   eal=NULLS) as forwarder:
        forwarder.check_end()
        errors = forwarder.own_error_lines()
        assert len(errors) == 1 and "warning: --display-xstats=tx_goood: no port" in errors[0]
        shown = [line.split()[1:] for line in forwarder.output if "tx_goood" in line]
    assert shown == [["-", "-"]] * 2


def test_report_on_standard_output_is_the_last_line():
    with Forwarder("--json=-", "--duration=0.1", eal=NULLS) as forwarder:
        final = forwarder.check_end()
        total = json.loads(forwarder.output[-1])["total"]
    assert total["rx_packets"] == final["all"]["RX-packets"] > 0
