# Shared by the scripts beside it and by test/vm/install.sh; sourced, never run. POSIX sh.
#
# The caller sets `program`, the word that its messages start with.

say() { printf '%s: %s\n' "$program" "$*"; }

fail() {
  printf '%s: error: %s\n' "$program" "$*" >&2
  exit 1
}

# have NAME: is the command there? Debian keeps some tools in sbin, which a user's PATH may lack.
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]; }

# exists PATTERN...: does any of the files exist?
exists() {
  for candidate in "$@"; do [ -e "$candidate" ] && return 0; done
  return 1
}

missing=""

# need PACKAGE TEST...: remembers the Debian package if the test (have or exists, with arguments) fails.
need() {
  package=$1
  shift
  "$@" || missing="$missing $package"
}

# apt ARGUMENTS...: runs apt-get without questions; waits for another apt's locks.
apt() {
  attempt=1
  while :; do
    DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" >"$apt_log" 2>&1 </dev/null && return 0
    # The lock timeout above covers dpkg's lock only, not those of the package lists and the archive cache.
    grep -q 'Could not get lock\|Unable to lock' "$apt_log" && [ "$attempt" -lt 12 ] || return 1
    [ "$attempt" -gt 1 ] || say "another apt is running; waiting for it"
    attempt=$((attempt + 1))
    sleep 5
  done
}

# install_missing: installs what `need` remembered; returns 1, with the reason on stderr, if it cannot.
install_missing() {
  missing=${missing# }
  [ -n "$missing" ] || return 0
  by_hand="apt-get install --no-install-recommends $missing"
  if ! have apt-get; then
    printf '%s: error: missing: what the Debian packages %s hold. There is no apt-get here: install their equivalents\n' \
      "$program" "$missing" >&2
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    printf '%s: error: missing Debian packages, and installing needs root. Run: sudo %s\n' "$program" "$by_hand" >&2
    return 1
  fi
  say "installing Debian packages: $missing"
  apt_log=$(mktemp)
  # Package lists that are there already usually do; refreshing them is the slower half.
  # shellcheck disable=SC2086 # a list of words
  apt install -y --no-install-recommends $missing || {
    say "refreshing package lists"
    apt update || say "apt-get update failed: $(tail -n 1 "$apt_log")"
    apt install -y --no-install-recommends $missing
  } || {
    tail -n 20 "$apt_log" >&2
    rm -f "$apt_log"
    printf '%s: error: apt-get failed (output above). Run it by hand: %s\n' "$program" "$by_hand" >&2
    return 1
  }
  rm -f "$apt_log"
}
