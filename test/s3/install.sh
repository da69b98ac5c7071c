#!/bin/sh
# Installs Debian's Ceph object gateway where it is missing: the real S3 server of the store tests.
# Needs root and a Debian or Ubuntu machine; does nothing when the three daemons are there.
set -eu
missing=
for pair in ceph-mon:ceph-mon ceph-osd:ceph-osd radosgw:radosgw radosgw-admin:radosgw curl:curl; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null 2>&1 || { echo "install.sh: $missing missing and no apt-get here" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "install.sh:$missing missing; installing them needs root" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null
# ceph-common brings the ceph command that the start script uses.
apt-get install -y -qq --no-install-recommends $missing ceph-common >/dev/null
