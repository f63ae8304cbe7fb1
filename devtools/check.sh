#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Build everything with every compiler, run every test, say how many passed. Run as root: the
# system tests need network namespaces. A step that fails does not stop those that don't need it.
# usage: devtools/check.sh [--long] [--vm] [--matrix[=SOURCE]]
#   --long    ten times as many random steps
#   --vm      build, and run all tests in machines with emulated network cards, and nothing else
#   --matrix  build, and run the unit tests, with this machine's DPDK, with those of Debian suites in
#             roots of their own, and with the one in the source tree SOURCE, and nothing else
set -euo pipefail

if [ "$(id -u)" -ne 0 ]; then
	echo "check: needs root for packages and network namespaces: sudo $0" >&2
	exit 1
fi
verb_steps=1000000
vm=first
matrix=()
for option in "$@"; do
	case $option in
	--long) verb_steps=10000000 ;;
	--vm) vm=all ;;
	--matrix) matrix+=(trixie testing) ;;
	--matrix=*) matrix+=(trixie testing "$(realpath "${option#*=}")") ;;
	*)
		echo "usage: check.sh [--long] [--vm] [--matrix[=SOURCE]]" >&2
		exit 1
		;;
	esac
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin:/sbin
work=$PWD/build-check
results=$work/results
steps=$results/steps
declare -A outcome=()
running=
# Marks every process below here, and keeps their temporary files together. (Not below $work: the
# names of sockets in there would be too long.)
export MEXT_CHECK=$$
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/check.XXXXXX")
export TMPDIR

# Debian's Python: another one on PATH may lack pytest and scapy.
python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1
# What a sanitizer finds must fail the test.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:abort_on_error=1:detect_stack_use_after_return=1
export TSAN_OPTIONS=${TSAN_OPTIONS:-}:halt_on_error=1
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:halt_on_error=1:abort_on_error=1:print_stacktrace=1

# shellcheck disable=SC2317 # called by the traps
end_step()
{
	[ -z "$running" ] || { kill -TERM -- "-$running" && wait "$running"; } 2>/dev/null || :
	# A build by root must not be in the way of the owner's next one.
	[ ! -d "$work" ] || chown -R --reference=. "$work"
	rm -rf "$TMPDIR"
}
trap end_step EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# step NAME RESULTS COMMAND...: run a step. RESULTS is the JUnit file that the command writes, of
# which each test case counts, or "-". The output is shown if it fails.
step()
{
	local name=$1 junit=$2 status=0 begin=$SECONDS
	local log=$results/${name// /-}.log

	shift 2
	printf 'check: %-28s ' "$name"
	# In the background, because bash handles a signal only between commands and in "wait"; in a
	# process group of its own, so that it can be ended with all it has started.
	set -m
	"$@" </dev/null >"$log" 2>&1 &
	running=$!
	set +m
	wait "$running" || status=$?
	running=
	outcome[$name]=$status
	printf '%s\t%s\t%s\t\n' "$name" "$status" "$junit" >>"$steps"
	if [ "$status" -eq 0 ]; then
		echo "ok, $((SECONDS - begin)) s"
	else
		echo "FAILED, $((SECONDS - begin)) s, status $status, $log:"
		tail -n 60 "$log" | sed 's/^/    /'
	fi
}

# step_after NEEDED NAME RESULTS COMMAND...: a step that makes no sense unless another has passed.
step_after()
{
	local needed=$1

	shift
	if [ "${outcome[$needed]:-1}" -eq 0 ]; then
		step "$@"
		return
	fi
	printf 'check: %-28s skipped, needs: %s\n' "$1" "$needed"
	printf '%s\t77\t-\tneeds: %s\n' "$1" "$needed" >>"$steps"
}

# What a build and its tests run by: in a root, say. Empty: here.
by=()

# build NAME COMPILER OPTION...: configure afresh, since options may have changed, and build.
build()
{
	local folder=$work/$1

	rm -rf "$folder"
	CC=$2 "${by[@]}" meson setup --werror -Dtests=enabled "${@:3}" "$folder"
	"${by[@]}" ninja -C "$folder"
}

format()
{
	find . -path './build*' -prune -o -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
}

docs()
{
	meson compile -C "$work/gcc" docs 2>&1 | tee "$work/gcc/docs.log"
	! grep -i 'warning' "$work/gcc/docs.log"
}

# pytests FOLDER [OPTION...]: the results are in a file named for the folder.
pytests()
{
	MEXT_BUILD=$work/gcc $python -m pytest -p no:cacheprovider -ra "test/$1" "${@:2}" \
		--junitxml="$results/$(basename "$1").xml"
}

# On network cards with DMA, an IOMMU and nodes, in emulated machines.
cards()
{
	MEXT_VM=$vm pytests system/vm
}

unit()
{
	"${by[@]}" meson test -C "$work/$1" --no-suite stress --print-errorlogs
}

# Where EAL's memory is not zero when it is reserved.
dirty_unit()
{
	meson test -C "$work/gcc" --setup dirty --suite unit --print-errorlogs
}

# The random verbs for longer than a unit test may take, where every access is looked at.
random_verbs()
{
	MEXT_STEPS=$verb_steps meson test -C "$work/sanitizers" --logbase verbs --print-errorlogs \
		verbs_random
}

# The examples for aarch64, on what the build for it installs.
cross_examples()
{
	local example sysroot=$work/arm64/sysroot

	rm -rf "${sysroot:?}/usr/local"
	meson install -C "$work/aarch64" --destdir "$sysroot"
	for example in own-buffer two-port flood; do
		rm -rf "$work/aarch64-$example"
		meson setup --werror --cross-file "$work/arm64/cross.ini" "$work/aarch64-$example" \
			"examples/$example"
		ninja -C "$work/aarch64-$example"
	done
}

# Only what does without EAL and runs threads: DPDK's own libraries are not instrumented.
thread_sanitizer()
{
	local folder=$work/thread

	rm -rf "$folder"
	CC=clang meson setup --werror -Dtests=enabled -Db_sanitize=thread -Db_lundef=false \
		-Dbuildtype=debugoptimized "$folder"
	ninja -C "$folder" test/stress/stress-depot
	"$folder/test/stress/stress-depot" --ops 400000
	"$folder/test/stress/stress-depot" --ops 400000 --objects 500 --burst 200 --threads 8
}

stress()
{
	meson test -C "$work/$1" --suite stress --logbase stress --print-errorlogs
}

junit_of_unit()
{
	echo "$work/$1/meson-logs/testlog.junit.xml"
}

# The links of this namespace, and the test namespaces whose maker has ended: those of runs that go
# on at the same time have a living one.
surroundings()
{
	local namespace maker

	{
		ip -brief link | awk '{ print "link", $1 }'
		for namespace in /run/netns/mext-*; do
			maker=$(grep -oE '[0-9]+' <<<"$namespace" | head -n 1) || continue
			[ -e "/proc/$maker" ] || echo "namespace ${namespace##*/}"
		done
	} | sort
}

# Print what the steps so far have left behind.
left_over()
{
	local file

	comm -13 <(echo "$before") <(surroundings)
	for file in /proc/[0-9]*/environ; do
		grep -qsz "^MEXT_CHECK=$$\$" "$file" || continue
		echo "process ${file//[^0-9]/}: $(tr '\0' ' ' <"${file%environ}cmdline")"
	done
	find "$TMPDIR" -mindepth 1 -maxdepth 1 -name 'mext-*'
}

nothing_left()
{
	local found

	found=$(left_over)
	echo "$found"
	[ -z "$found" ]
}

# All steps, but of those in emulated machines only a few.
everything()
{
	local kind needed

	step "source check" - devtools/check-source.py
	step clang-format - format
	step shellcheck - shellcheck -x devtools/*.sh .ci/run test/system/nicvm/*
	step models - devtools/check-models.sh
	step "build gcc -Werror" - build gcc gcc
	step "build clang -Werror" - build clang clang
	step "build sanitizers" - build sanitizers gcc -Db_sanitize=address,undefined \
		-Dbuildtype=debugoptimized
	step "sysroot aarch64" - devtools/arm64-sysroot.sh "$work/arm64"
	step_after "sysroot aarch64" "build aarch64 -Werror" - build aarch64 aarch64-linux-gnu-gcc \
		--cross-file "$work/arm64/cross.ini"
	# aarch64 by qemu-user, EAL and all: right code and layouts, but x86's memory order.
	for kind in gcc clang sanitizers aarch64; do
		needed="build $kind -Werror"
		[ "$kind" != sanitizers ] || needed="build sanitizers"
		step_after "$needed" "unit $kind" "$(junit_of_unit "$kind")" unit "$kind"
	done
	step_after "build gcc -Werror" "unit dirty memory" "$work/gcc/meson-logs/testlog-dirty.junit.xml" dirty_unit
	step_after "build sanitizers" "random verbs" "$work/sanitizers/meson-logs/verbs.junit.xml" random_verbs
	step_after "build aarch64 -Werror" "examples aarch64" - cross_examples
	step_after "build gcc -Werror" stress "$work/gcc/meson-logs/stress.junit.xml" stress gcc
	step_after "build clang -Werror" "thread sanitizer" - thread_sanitizer
	step_after "build gcc -Werror" install "$results/install.xml" pytests install
	step_after "build gcc -Werror" system "$results/system.xml" \
		pytests system --ignore=test/system/vm
	step_after "build gcc -Werror" cards "$results/vm.xml" cards
	echo "check: left out: instructions a packet, $(sed -n 's/.* \([0-9]*\) deselected.*/\1/p' "$results/cards.log" 2>&1 | tail -n 1)" \
		"tests in emulated machines (e1000, vmxnet3, virtio, queues, NUMA nodes); --vm runs them"
	step_after "build gcc -Werror" docs - docs
}

# The examples on what a build installs.
installed_examples()
{
	local example folder=$work/$1

	"${by[@]}" meson install -C "$folder"
	for example in own-buffer two-port flood; do
		rm -rf "$folder-$example"
		"${by[@]}" env PKG_CONFIG_PATH="$folder/installed/lib/pkgconfig:${PKG_CONFIG_PATH-}" \
			meson setup --werror "$folder-$example" "examples/$example"
		"${by[@]}" ninja -C "$folder-$example"
	done
}

# The builds with the DPDK that step NEEDED has made, and its unit tests.
one_version()
{
	local needed=$1 version compiler

	version=$("${by[@]}" pkg-config --modversion libdpdk 2>/dev/null) || version=${needed#* }
	for compiler in gcc clang; do
		step_after "$needed" "build $version $compiler" - build "$version-$compiler" "$compiler" \
			--prefix "$work/$version-$compiler/installed" --libdir lib
	done
	step_after "build $version gcc" "unit $version" "$(junit_of_unit "$version-gcc")" \
		unit "$version-gcc"
	step_after "build $version gcc" "examples $version" - installed_examples "$version-gcc"
}

every_version()
{
	local target

	step "DPDK here" - pkg-config --modversion libdpdk
	one_version "DPDK here"
	for target in "${matrix[@]}"; do
		by=(devtools/matrix.sh run "$target")
		step "DPDK ${target##*/}" - devtools/matrix.sh make "$target"
		one_version "DPDK ${target##*/}"
	done
}

rm -rf "$results"
mkdir -p "$results"
sections=(build run test doc arm64 vm)
[ ${#matrix[@]} -eq 0 ] || sections=(build test matrix)
step packages - devtools/install-packages.sh "${sections[@]}"
before=$(surroundings)

if [ ${#matrix[@]} -gt 0 ]; then
	every_version
elif [ "$vm" = all ]; then
	step "build gcc -Werror" - build gcc gcc
	step_after "build gcc -Werror" cards "$results/vm.xml" cards
	step_after "build gcc -Werror" instructions - test/perf/compare_instructions.py \
		--build "$work/gcc" --seconds 8
else
	everything
fi
step "nothing left behind" - nothing_left

echo
$python devtools/sum-results.py "$steps"
