#!/bin/sh
# Everything: set-up, checks, then each kind of test on this machine. Goes on after a failure, so that one run
# tells all. The last line is `N passed, N failed, N skipped`, where the checks together count as one; exit 1
# if anything failed or nothing ran. Arguments name the test projects to run (default: all).
set -u

program=test
cd "$(dirname "$0")/.." || exit 1
. scripts/lib.sh
PATH=$PWD/node_modules/.bin:$PATH
export PATH

if ! sh scripts/setup.sh --test; then
  say "set-up failed (output above); no test was run" >&2
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

[ $# -gt 0 ] || set -- unit integration privileged vm
reports=build/test-reports
rm -rf "$reports"
mkdir -p "$reports"

sh scripts/check.sh && check=passed || check=failed
for project in "$@"; do
  say "$project tests"
  WEIR_TEST_REPORT=$reports/$project.json \
    vitest run --project "$project" --passWithNoTests --reporter=default --reporter=./test/report/reporter.ts
  echo $? >"$reports/$project.status"
done
exec node test/report/summary.ts "$check" "$reports" "$@"
