#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Throughput of mext-fwd beside dpdk-testpmd: sweeps and zero-loss searches, as a page with figures.
# usage: devtools/throughput.sh [OPTIONS] (see --help, and doc/throughput.rst)
set -euo pipefail

# Debian's, which has matplotlib where it is installed.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
if ! command -v "$python" >/dev/null; then
	echo "throughput: python3 is missing: sudo devtools/install-packages.sh test" >&2
	exit 1
fi
exec "$python" "$(dirname "$0")/../test/perf/throughput.py" "$@"
