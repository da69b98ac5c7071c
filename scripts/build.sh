#!/bin/sh
# Builds what is compiled, where its inputs changed: the matcher runtime (AssemblyScript to WebAssembly)
# and the BPF object. TypeScript needs no build.
set -eu

program=build
cd "$(dirname "$0")/.."
. scripts/lib.sh
PATH=$PWD/node_modules/.bin:$PATH
export PATH
[ -x node_modules/.bin/asc ] || fail "dependencies are missing; run 'npm run setup' first"

# Hash of every file that the runtime is made from, the compiler's version among them.
runtime_inputs() {
  find matcher-wasm \( -name node_modules -o -name build -o -name host \) -prune -o -type f ! -name '*.test.ts' -print |
    LC_ALL=C sort | xargs sha256sum node_modules/assemblyscript/package.json | sha256sum
}

stamp=matcher-wasm/build/.inputs
inputs=$(runtime_inputs)
if [ "$(cat "$stamp" 2>/dev/null)" != "$inputs" ] || ! exists matcher-wasm/build/*.wasm; then
  say "matcher runtime"
  rm -f "$stamp"
  npm run --silent -w matcher-wasm build || fail "the matcher runtime does not compile (output above)"
  exists matcher-wasm/build/*.wasm || fail "'npm run -w matcher-wasm build' left no .wasm file in matcher-wasm/build"
  echo "$inputs" >"$stamp"
fi

if ! make -s -q -C bpf 2>/dev/null; then
  say "BPF object"
  make -s -C bpf || fail "the BPF object does not build (output above)"
fi
