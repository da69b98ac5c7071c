#!/bin/sh
# Checks the layout of the kernel stage's C sources against bpf/.clang-format; --fix rewrites them.
set -eu

program=clang-format
cd "$(dirname "$0")/.."
. scripts/lib.sh
have clang-format || fail "clang-format is missing; run 'npm run setup' first"

mode="--dry-run -Werror"
case ${1:-} in
  "") ;;
  --fix) mode=-i ;;
  *) fail "unknown argument '$1'; the only one is --fix" ;;
esac

# vmlinux.h is generated from the kernel's own type information.
sources=$(find bpf \( -name build -o -name node_modules \) -prune -o \( -name '*.[ch]' ! -name 'vmlinux*.h' \) -print)
[ -n "$sources" ] || fail "no C sources in bpf/"
# shellcheck disable=SC2086 # lists of words
clang-format --style=file $mode $sources
