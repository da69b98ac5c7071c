#!/bin/sh
# Everything that can be said about the sources without running them: format, lint, import layers, types,
# dead code, C layout. Runs all steps, prints the output of those that fail, exits 1 if any did.
set -eu

program=check
cd "$(dirname "$0")/.."
. scripts/lib.sh
PATH=$PWD/node_modules/.bin:$PATH
export PATH
[ -x node_modules/.bin/biome ] || fail "dependencies are missing; run 'npm run setup' first"

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

# start NAME COMMAND...: runs the step in the background, output and exit status into files.
start() {
  name=$1
  shift
  steps="$steps $name"
  (
    "$@" >"$logs/$name.log" 2>&1 && status=0 || status=$?
    echo "$status" >"$logs/$name.status"
  ) &
}

steps=""
start types tsc -p tsconfig.json
start biome biome check --error-on-warnings --max-diagnostics=100 .
start knip knip --no-progress
start clang-format sh scripts/clang-format.sh
wait

failed=""
for name in $steps; do
  status=$(cat "$logs/$name.status" 2>/dev/null || echo "no status")
  if [ "$status" = 0 ]; then
    say "$name ok"
  else
    failed="$failed $name"
    say "$name FAILED (exit $status)"
    cat "$logs/$name.log"
  fi
done
[ -z "$failed" ] || fail "failed:$failed"
