# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what this sets nicvm uses, and what it uses nicvm sets
# The guest's kernel and initramfs, made once and kept. Sourced by nicvm; uses its fail, patiently,
# $unfinished, $modules and $here.
boot_modules='virtio_pci virtio_console 9pnet_virtio 9p overlay'
nic_modules='vfio vfio_iommu_type1 vfio-pci e1000 e1000e vmxnet3 virtio_net'
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mext-nicvm

# Print the newest kernel package that apt knows. Not the cloud kernel: that has neither 9p nor the
# drivers of the e1000 family.
kernel_package()
{
	LC_ALL=C apt-cache depends linux-image-amd64 2>/dev/null |
		sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

fetch_kernel()
{
	local package new=$cache/kernel.$$

	package=$(kernel_package)
	if [ -z "$package" ]; then
		[ "$(id -u)" -eq 0 ] || fail 126 "apt knows no linux-image-amd64: run apt-get update as root"
		patiently timeout 300 apt-get -qq update >&2
		package=$(kernel_package)
		[ -n "$package" ] || fail 126 "apt knows no linux-image-amd64, even after apt-get update"
	fi
	echo "nicvm: fetching $package, about 70 MB, once" >&2
	unfinished=$new
	{ mkdir "$new" && cd "$new"; } || fail 126 "cannot make $new"
	# apt would become the user _apt for this, who may not write here.
	if ! patiently timeout 600 apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$package" >&2; then
		# Package lists of long ago name versions that the archive has no more.
		[ "$(id -u)" -eq 0 ] && patiently timeout 300 apt-get -qq update >&2
		package=$(kernel_package)
		patiently timeout 600 apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$package" >&2 ||
			fail 126 "apt-get download $package failed"
	fi
	dpkg-deb --fsys-tarfile ./*.deb | tar -x ./boot ./lib/modules || fail 126 "cannot unpack $package"
	rm ./*.deb
	busybox depmod -b "$new" "$(ls "$new/lib/modules")" || fail 126 "depmod failed"
	cd "$OLDPWD" || exit 126
	rm -rf "$cache/kernel"
	mv "$new" "$cache/kernel" || fail 126 "cannot make $cache/kernel"
	unfinished=''
}

# Print the path, below the kernel's modules, of the file of module $1; nothing for a built-in one.
module_file()
{
	local pattern=${1//[-_]/[-_]} # a file has one of them, names go by both

	grep -E -m 1 -o "^[^:]*/$pattern\.ko" "$modules_folder/modules.dep" ||
		grep -qE "/$pattern\.ko" "$modules_folder/modules.builtin" ||
		fail 126 "the kernel has no module $1"
}

# Copy modules $2... and what they depend on to the root file system $1.
copy_modules()
{
	local root=$1 name file
	local -a left=()

	shift
	for name in "$@"; do
		file=$(module_file "$name") || exit 126
		[ -z "$file" ] || left+=("$file")
	done
	while [ ${#left[@]} -gt 0 ]; do
		file=${left[0]}
		left=("${left[@]:1}")
		[ ! -e "$root/lib/modules/$kernel/$file" ] || continue
		install -D -m 644 "$modules_folder/$file" "$root/lib/modules/$kernel/$file" || exit 126
		# shellcheck disable=SC2207 # the paths have no blanks
		left+=($(sed -n "s|^$file:||p" "$modules_folder/modules.dep"))
	done
	busybox depmod -b "$root" "$kernel"
}

make_initramfs()
{
	local root=$initramfs.$$

	unfinished=$root
	mkdir -p "$root/bin" "$root/lib/modules" || fail 126 "cannot make $root"
	cp "$(command -v busybox)" "$root/bin/busybox"
	install -m 755 "$here/guest-init" "$root/init"
	copy_modules "$root" "$@"
	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$root.cpio" ||
		fail 126 "cannot write $root.cpio"
	mv "$root.cpio" "$initramfs"
	rm -rf "$root"
	unfinished=''
}

# Set $kernel (its version), $vmlinuz and $initramfs.
get_kernel_and_initramfs()
{
	local key

	# The guest runs this very file before it has any library.
	if LC_ALL=C ldd "$(command -v busybox)" >/dev/null 2>&1; then
		fail 126 "busybox is not static: devtools/install-packages.sh vm"
	fi
	{ mkdir -p "$cache" && exec 9>"$cache/lock"; } || fail 126 "cannot write to $cache"
	# Two first runs at the same time must not both unpack.
	flock -w 900 9 || fail 126 "another run keeps $cache/lock"
	ls "$cache"/kernel/boot/vmlinuz-* >/dev/null 2>&1 || fetch_kernel
	kernel=$(ls "$cache/kernel/lib/modules")
	modules_folder=$cache/kernel/lib/modules/$kernel
	vmlinuz=$cache/kernel/boot/vmlinuz-$kernel
	# Named for all that goes into it, so that a change makes a new one.
	key=$({ cat "$here/guest-init" "$(command -v busybox)" &&
		echo "$kernel $boot_modules $nic_modules ${modules[*]-}"; } | sha256sum | cut -c 1-16)
	initramfs=$cache/initramfs-$key.cpio
	# shellcheck disable=SC2086 # lists
	[ -e "$initramfs" ] || make_initramfs $boot_modules $nic_modules ${modules[@]+"${modules[@]}"}
	touch "$initramfs"
	find "$cache" -maxdepth 1 -name 'initramfs-*' -mtime +7 -delete
	exec 9>&-
}
