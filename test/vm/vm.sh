#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command under a Debian kernel in QEMU, as root, over this machine's own files.
#
#   vm.sh RELEASE COMMAND [ARGUMENT...]    run the command; its exit status is that of this script
#   vm.sh --fetch RELEASE                  only bring the kernel onto this machine
#   vm.sh --check                          say what this machine lacks for that, if anything
#
# RELEASE is bullseye (5.10), bookworm (6.1), trixie (6.12) or sid. The guest sees the machine's root file
# system read-only with a writable layer of memory above it, so it has the same tools at the same paths, starts
# in the caller's working directory, and whatever it writes is gone at the end. It has bpf, tracing, cgroup2,
# securityfs and /dev/shm mounted, a loopback interface, and no other network.
#
# Environment:
#   WEIR_VM_CACHE            folder of downloaded kernels, shared by all checkouts   /var/tmp/weir-kernels
#   WEIR_VM_MEMORY           memory of the guest                                     2G
#   WEIR_VM_CPUS             processors of the guest                                 2
#   WEIR_VM_TIMEOUT_SECONDS  the guest is ended after so long                        300
#   WEIR_VM_ACCEL            kvm or tcg (software)                     kvm where the machine has it
#   WEIR_VM_MIRROR           Debian archive to download from                that of the machine's apt
#
# Exit status besides the command's own: 123 the guest cannot be prepared, 124 time is up, 125 the guest ended
# without a result, 126 wrong usage. Needs the packages that install.sh beside this file names.
set -euo pipefail

readonly CANNOT_PREPARE=123 TIMED_OUT=124 NO_RESULT=125 WRONG_USAGE=126
readonly CACHE=${WEIR_VM_CACHE:-/var/tmp/weir-kernels}
readonly TIMEOUT_SECONDS=${WEIR_VM_TIMEOUT_SECONDS:-300}
# What the kernel needs, beyond what is built in, to reach the root file system; in order of insertion.
readonly MODULES="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p overlay"

fail() {
  echo "vm: error: $2" >&2
  exit "$1"
}

# The Debian archive that this machine's apt uses, so that a mirror which works is used.
mirror() {
  local uri
  uri=$(grep -rhoE '^(URIs: |deb )[^#]*' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
    grep -oE '[a-z]+://[^ ]*/debian/?( |$)' | head -n 1 || true)
  echo "${WEIR_VM_MIRROR:-${uri:-http://deb.debian.org/debian}}"
}

# fetch RELEASE FOLDER: downloads and unpacks the newest kernel of the release.
# Apt gets lists and state of its own, so the machine's are neither used nor changed.
fetch() {
  local release=$1 folder=$2 packages package options
  mkdir -p "$folder"/{lists/partial,cache/archives/partial,debs,root}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $release main" >"$folder/sources.list"
  : >"$folder/status"
  options=(-q -o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$folder/lists" -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder/cache"
    -o APT::Sandbox::User=root -o Acquire::Retries=3 -o APT::Architecture=amd64)
  apt-get "${options[@]}" update || return
  packages=$(apt-cache "${options[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances linux-image-amd64 | grep -oE '^linux-(image|modules|base|binary)[^ ]*' | sort -u)
  # shellcheck disable=SC2086 # a list of words
  (cd "$folder/debs" && apt-get "${options[@]}" download $packages) || return
  for package in "$folder"/debs/*.deb; do dpkg -x "$package" "$folder/root"; done
  rm -rf "$folder"/{lists,cache,debs,sources.list,status}
}

# kernel_of RELEASE: path of its kernel image, empty if it is not there. Later releases moved it to /usr.
kernel_of() {
  local pattern
  for pattern in "$CACHE/$1"/root/boot/vmlinuz-* "$CACHE/$1"/root/usr/lib/modules/*/vmlinuz; do
    if [ -f "$pattern" ]; then echo "$pattern" && return; fi
  done
}

# ensure_kernel RELEASE: fetches it unless it is there; one at a time, and never half of it.
ensure_kernel() {
  local release=$1 attempt partial log
  [ -z "$(kernel_of "$release")" ] || return 0
  mkdir -p "$CACHE" 2>/dev/null && [ -w "$CACHE" ] || fail $CANNOT_PREPARE "$CACHE is not writable (WEIR_VM_CACHE)"
  exec 9>"$CACHE/$release.lock"
  flock 9
  [ -z "$(kernel_of "$release")" ] || return 0
  log=$CACHE/$release.log
  for attempt in 1 2 3; do
    echo "vm: downloading the kernel of $release (attempt $attempt)" >&2
    partial=$CACHE/$release.partial
    rm -rf "$partial"
    if fetch "$release" "$partial" >"$log" 2>&1 </dev/null; then
      rm -rf "${CACHE:?}/$release"
      mv "$partial" "$CACHE/$release"
      [ -n "$(kernel_of "$release")" ] || fail $CANNOT_PREPARE "the packages of $release hold no kernel: see $log"
      exec 9>&-
      return 0
    fi
    sleep $((attempt * 3))
  done
  tail -n 5 "$log" >&2
  fail $CANNOT_PREPARE "cannot download the kernel of $release from $(mirror) (output above; all of it in $log)"
}

# write_initrd FOLDER KERNEL GUEST_SCRIPT: an initial file system that mounts the machine's root and enters it.
write_initrd() {
  local folder=$1 kernel=$2 guest=$3 version module file modules_root
  version=${kernel#*vmlinuz-}
  [ "$version" != "$kernel" ] || version=$(basename "$(dirname "$kernel")")
  modules_root=("${kernel%%/root/*}"/root/lib/modules/"$version" "${kernel%%/root/*}"/root/usr/lib/modules/"$version")
  mkdir -p "$folder"/{bin,mod,proc,sys,dev,newroot,rw}
  cp /bin/busybox "$folder/bin/busybox"
  for module in $MODULES; do
    file=$(find "${modules_root[@]}" -name "$module.ko*" 2>/dev/null | head -n 1 || true)
    case $file in
      *.xz) xz -dc "$file" >"$folder/mod/$module.ko" ;;
      *.zst) zstd -dqc "$file" >"$folder/mod/$module.ko" ;;
      *.ko) cp "$file" "$folder/mod/$module.ko" ;;
    esac # a module without a file is built in, or unknown to this kernel
  done
  cat >"$folder/init" <<END
#!/bin/busybox sh
b=/bin/busybox
\$b mount -t proc proc /proc
\$b mount -t sysfs sysfs /sys
\$b mount -t devtmpfs dev /dev
for module in $MODULES; do
  [ ! -f /mod/\$module.ko ] || \$b insmod /mod/\$module.ko
done
\$b mount -t tmpfs tmpfs /rw
\$b mkdir -p /rw/lower /rw/upper /rw/work
\$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /rw/lower
\$b mount -t overlay -o lowerdir=/rw/lower,upperdir=/rw/upper,workdir=/rw/work root /newroot
\$b mount -t proc proc /newroot/proc
\$b mount -t sysfs sysfs /newroot/sys
\$b mount -t devtmpfs dev /newroot/dev
\$b mount -t tmpfs tmpfs /newroot/run
exec \$b switch_root /newroot $guest
END
  chmod +x "$folder/init"
  (cd "$folder" && find . | cpio -o -H newc --quiet | gzip -1)
}

# guest_script WORKING_DIRECTORY COMMAND...: what runs in the guest as process 1. The command's output goes to the
# second serial line and its exit status to the third; the first is the kernel's, whose messages stay apart.
guest_script() {
  local directory=$1
  shift
  cat <<END
#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb NO_COLOR=1
mount -t securityfs securityfs /sys/kernel/security
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
ip link set lo up
stty -F /dev/ttyS1 raw
(cd $(printf %q "$directory") && $(printf '%q ' "$@")) </dev/null >/dev/ttyS1 2>&1
status=\$?
# A command that a signal ended says nothing itself; the kernel does.
[ \$status -lt 128 ] || dmesg | tail -n 5 >/dev/ttyS1
echo \$status >/dev/ttyS2
sync
echo o >/proc/sysrq-trigger
sleep 5
END
}

accelerator() {
  if [ -n "${WEIR_VM_ACCEL:-}" ]; then
    echo "$WEIR_VM_ACCEL"
  elif [ -w /dev/kvm ] && grep -qE '^flags.*\b(vmx|svm)\b' /proc/cpuinfo; then
    echo kvm
  else
    echo tcg
  fi
}

# Ends the script, with the reason, where this machine cannot run a guest at all.
require_machine() {
  local tool install
  install="run sh $(dirname "$0")/install.sh"
  [ "$(uname -m)" = x86_64 ] || fail $CANNOT_PREPARE "the guest runs this machine's programs and has to be x86_64, not $(uname -m)"
  for tool in qemu-system-x86_64 cpio xz zstd flock; do
    command -v "$tool" >/dev/null || fail $CANNOT_PREPARE "$tool is missing; $install"
  done
  [ -x /bin/busybox ] || fail $CANNOT_PREPARE "/bin/busybox is missing; $install"
}

# Software emulation gets a processor of 2008: what newer ones have, vector registers of 256 bits and protection keys
# among them, is slow to emulate, and programs use it as soon as they find it.
processor_model() {
  if [ "$1" = kvm ]; then echo host; else echo Nehalem; fi
}

fetch_only=no
case ${1:-} in
  --check)
    require_machine
    exit 0
    ;;
  --fetch)
    fetch_only=yes
    shift
    [ $# -eq 1 ] || fail $WRONG_USAGE "usage: vm.sh --fetch RELEASE"
    ;;
  *) [ $# -ge 2 ] || fail $WRONG_USAGE "usage: vm.sh RELEASE COMMAND [ARGUMENT...]" ;;
esac
release=$1
shift
case $release in
  bullseye | bookworm | trixie | sid) ;;
  *) fail $WRONG_USAGE "unknown release '$release'; known are bullseye, bookworm, trixie, sid" ;;
esac
require_machine
ensure_kernel "$release"
[ "$fetch_only" = no ] || exit 0
kernel=$(kernel_of "$release")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' INT TERM
guest_script "$PWD" "$@" >"$work/guest"
chmod 755 "$work" "$work/guest"
write_initrd "$work/initrd" "$kernel" "$work/guest" >"$work/initrd.gz"

accelerator=$(accelerator)
# In the background and waited for, so that a signal to this script ends the guest at once.
timeout --kill-after=5 "$TIMEOUT_SECONDS" qemu-system-x86_64 -accel "$accelerator" -cpu "$(processor_model "$accelerator")" \
  -smp "${WEIR_VM_CPUS:-2}" -m "${WEIR_VM_MEMORY:-2G}" -nodefaults -display none -no-reboot \
  -serial "file:$work/console" -serial stdio -serial "file:$work/status" \
  -kernel "$kernel" -initrd "$work/initrd.gz" \
  -append "console=ttyS0 quiet lsm=landlock,lockdown,yama,integrity,apparmor,bpf panic=-1 mitigations=off" \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap </dev/null 2>"$work/qemu.log" &
qemu=$!
trap 'kill $qemu 2>/dev/null; wait $qemu; exit 143' INT TERM
wait $qemu && qemu_status=0 || qemu_status=$?

status=$(tr -dc 0-9 <"$work/status" 2>/dev/null || true)
[ -z "$status" ] || exit "$status"
[ "$qemu_status" != 124 ] || fail $TIMED_OUT "the guest did not finish within $TIMEOUT_SECONDS s (WEIR_VM_TIMEOUT_SECONDS)"
tail -n 20 "$work/console" "$work/qemu.log" >&2
fail $NO_RESULT "the guest ended without a result (its last output is above)"
