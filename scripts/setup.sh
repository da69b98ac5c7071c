#!/bin/sh
# Makes a checkout ready to run: Debian packages, npm packages, matcher runtime and BPF object.
# Whatever is there already is left alone, so a second run takes a second. --test adds what the tests need.
set -eu

program=setup
cd "$(dirname "$0")/.."
. scripts/lib.sh

for_tests=no
for argument in "$@"; do
  case $argument in
    --test) for_tests=yes ;;
    *) fail "unknown argument '$argument'; the only one is --test" ;;
  esac
done

[ "$(uname -s)" = Linux ] || fail "Weir runs on Linux; this is $(uname -s)"
case $(uname -m) in
  x86_64 | aarch64) ;;
  *) fail "unsupported processor $(uname -m); x86_64 and aarch64 are supported" ;;
esac
have node && have npm || fail "Node.js 20 or later with npm is needed: https://nodejs.org/"
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 20 ] || fail "Node.js $(node --version) is too old; npm needs 20 or later"

# Each line: the package, and how to see that it is not needed.
need clang have clang
need llvm have llvm-strip
need clang-format have clang-format
need make have make
need bpftool have bpftool
need libbpf1 exists /usr/lib/*/libbpf.so.1 /usr/lib64/libbpf.so.1 /usr/local/lib/libbpf.so.1
need libbpf-dev exists /usr/include/bpf/bpf_helpers.h
need linux-libc-dev exists /usr/include/linux/bpf.h
install_missing || exit 1
if [ "$for_tests" = yes ]; then
  for install in test/*/install.sh; do
    sh "$install" || say "without these packages the tests of $(dirname "$install") are skipped"
  done
fi

if ! reason=$(node scripts/packages-current.mjs); then
  say "installing npm packages ($reason)"
  # npm must not run on the Node inside the folder that it is about to replace.
  outer_path=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v '/node_modules/\.bin$' | paste -sd: -)
  PATH=$outer_path npm ci --loglevel=error --no-audit --no-fund || fail "npm ci failed (output above)"
fi

sh scripts/build.sh
say "ready"
