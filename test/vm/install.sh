#!/bin/sh
# Installs what vm.sh needs, where it is missing. Exit 1, with the reason, where that is not possible.
set -eu

program=vm
cd "$(dirname "$0")/../.."
. scripts/lib.sh

need qemu-system-x86 have qemu-system-x86_64
need busybox-static exists /bin/busybox
need cpio have cpio
need xz-utils have xz
need zstd have zstd
need debian-archive-keyring exists /usr/share/keyrings/debian-archive-keyring.gpg
install_missing
