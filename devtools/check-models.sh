#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Go through all states of the models (folders "model" in lib and drivers) with spin: a model must
# have no error, and each of its mutants must have one. A line for each says what was found.
# shellcheck disable=SC2317 # called through check()
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/mext-models.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
checks=0

# search OPTIMIZATION MODEL OPTION...: leave what was found in the file "log". Memory is in MB.
search()
{
	local model
	local -a ends=()

	model=$(find "$top/lib" "$top/drivers" -path "*/model/$2.pml")
	# Where threads may stand still for ever, a process of the model looks for who should not.
	! grep -q watchdog "$model" || ends=(-E)
	spin -a "${@:3}" "$model" >log 2>&1 &&
		gcc "$1" -w -DSAFETY -DCOLLAPSE -DMEMLIM=1900 -o pan pan.c >>log 2>&1 &&
		./pan "${ends[@]}" -m100000 >>log 2>&1
}

# result MODEL MUTANT OPTIONS VERDICT
result()
{
	local states

	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' log)
	printf '%-6s %-19s %-60s %10s states  %s\n' "$1" "$2" "$3" "${states:-no}" "$4"
	case $4 in
	FAILED*)
		cat log
		;;
	esac
}

# check COMMAND...: in a folder of its own, beside others, as many as there are processors.
check()
{
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n || :
	done
	checks=$((checks + 1))
	mkdir "$checks.d"
	(cd "$checks.d" && "$@") >"$checks.out" 2>&1 &
}

right()
{
	local verdict='FAILED, not without error' optimization=-O2

	# Its calls are so long that compiling them well takes longer than the search.
	[ "$1" != depot ] || optimization=-O0
	if search "$optimization" "$@" && grep -q 'errors: 0$' log &&
		! grep -qE '^error:|depth too small|not completed|out of memory|memory limit' log; then
		verdict='ok, no error'
	fi
	result "$1" - "${*:2}" "$verdict"
}

# Compiling a mutant takes longer than finding its error.
mutant()
{
	local verdict='FAILED, no assertion violated'

	search -O0 "$1" "-D$2" "${@:3}" || :
	if grep -q 'assertion violated' log && grep -q 'errors: 1$' log; then
		verdict='ok, has an error'
	fi
	result "$1" "$2" "${*:3}" "$verdict"
}

# The longest first.
check right depot -DONLY_PUTS
check right depot -DOTHERS=1
check right depot -DOTHERS=1 -DSHORT
check right spread -DATTACHES=3 -DPASSES=2
check right spread -DTHREADS=2 -DLEAVES=3 -DATTACHES=3
check right spread -DTHREADS=4 -DLEAVES=1 -DMAX=4 -DCLONES=1
check right spread -DLEAVES=1 -DMAX=5 -DATTACHES=3 -DCLONES=1 -DSTOCK_CLONES=1
for name in NO_BIAS EARLY_FREE PLAIN_HOLDERS EARLY_LOAD LIVE_EARLY SUBTRACT_NONE LEAVES_READ_AGAIN \
	LIVE_READ_AGAIN ATTACH_WITHOUT_HOLD; do
	check mutant spread "$name"
done
check mutant spread ADD_THEN_UNDO -DLEAVES=1 -DMAX=4
check mutant spread NO_HEADROOM -DLEAVES=1 -DMAX=4 -DSTOCK_CLONES=1

check right stack
check right stack -DTHREADS=3 -DOPS=3 -DMAGAZINES=2
for name in NO_TAG STALE_NEXT LATE_LINK; do
	check mutant stack "$name"
done

check right shelf
check right shelf -DTHREADS=2 -DOPS=1
for name in NO_TAG LATE_COPY NO_GAP NO_CLAIM MANY_FREE END_EARLY; do
	check mutant shelf "$name"
done

check right filled
check right filled -DMOST=3
for name in NO_TAG LATE_COPY KEPT_OLD NOT_MERGED STALE_BELOW; do
	check mutant filled "$name"
done

for name in FEWER LOST_LOOSE KEEP SHELF_LAST NO_QUOTA FREE_FIRST BY_QUOTAS; do
	check mutant depot "$name" -DOTHERS=1
done
check mutant depot NOT_COUNTED -DOTHERS=1 -DSHORT
for name in NO_SECOND_LOOK NO_SETTLE NOT_TOLD NO_MEND LATE_CLEAR; do
	check mutant depot "$name" -DONLY_PUTS
done

wait
failed=0
for ((i = 1; i <= checks; i++)); do
	cat "$i.out"
	grep -q ' ok, ' "$i.out" || failed=1
done
exit "$failed"
