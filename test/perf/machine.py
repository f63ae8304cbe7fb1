# SPDX-License-Identifier: BSD-3-Clause
"""What figures depend on beside the programs: the machine, the compiler, the versions."""
import json
import os
import pathlib
import platform
import re
import subprocess


def cpu_model():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    model = re.search(r"^model name\s*: (.*)", text, re.M)
    return model[1] if model else platform.machine()


def compiler(build):
    """Of a build folder of Meson's."""
    try:
        path = pathlib.Path(build, "meson-info/intro-compilers.json")
        found = json.loads(path.read_text(encoding="utf-8"))["host"]["c"]
        return f"{found['id']} {found['version']}"
    except (OSError, ValueError, KeyError):
        return "unknown compiler"


def versions(fwd):
    """(mext, DPDK) as mext-fwd says them."""
    text = subprocess.run([fwd, "--version"], stdout=subprocess.PIPE, text=True,
                          check=False).stdout
    words = re.match(r"mext-fwd ([^,]+), (.+)", text)
    return (words[1], words[2].strip()) if words else ("unknown", "unknown DPDK")


def describe(build, fwd):
    """For the head of a file with results."""
    mext, dpdk = versions(fwd)
    return {"cpu": cpu_model(), "cpus": os.cpu_count(), "kernel": platform.release(),
            "compiler": compiler(build), "dpdk": dpdk, "mext": mext}


def sentence(m):
    return (f"{m['cpu']}, {m['cpus']} CPUs, Linux {m['kernel']}; {m['compiler']}, {m['dpdk']}, "
            f"mext {m['mext']}")
