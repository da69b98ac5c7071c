#!/bin/bash
# A real S3 for tests: a one-node Ceph object gateway on loopback, up in about 12 s, all data in memory.
#
#   radosgw.sh start DIR GATEWAY_PORT MONITOR_PORT    DIR must be new or empty
#   radosgw.sh stop DIR                               ends the daemons by their pid files; DIR stays
#
# Access key weir, secret key weirsecret. Facts (16.2): If-Match wants the ETag without quotes; contention may
# answer 500; conditional delete is ignored.
set -eu

# Whether process $1 was started with the configuration of folder $2.
ours() {
  tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF "$2/ceph.conf"
}

stop() {
  local file pid
  for file in "$1"/run/*.pid; do
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    ours "$pid" "$1" || continue
    kill "$pid" || true
    for _ in $(seq 50); do ours "$pid" "$1" || break; sleep 0.1; done
    if ours "$pid" "$1"; then kill -9 "$pid" || true; fi
  done
}

start() {
  local dir=$1 port=$2 monitor=$3 fsid osd conf
  mkdir -p "$dir/run" "$dir/mon" "$dir/osd0" "$dir/rgw"
  fsid=$(cat /proc/sys/kernel/random/uuid)
  osd=$(cat /proc/sys/kernel/random/uuid)
  cat >"$dir/ceph.conf" <<CONF
[global]
fsid = $fsid
mon initial members = a
mon host = [v1:127.0.0.1:$monitor]
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
osd crush chooseleaf type = 0
run dir = $dir/run
admin socket = $dir/run/\$name.asok
log file = $dir/run/\$name.log
pid file = $dir/run/\$name.pid
crash dir = $dir/run
ms bind msgr2 = false
[mon.a]
mon data = $dir/mon
[osd]
osd objectstore = memstore
memstore device bytes = 2147483648
osd data = $dir/osd0
[client.rgw]
rgw data = $dir/rgw
rgw frontends = beast endpoint=127.0.0.1:$port
rgw thread pool size = 64
CONF
  conf="-c $dir/ceph.conf"
  trap 'stop "$dir"' ERR
  set -o errtrace
  monmaptool --create --add a "v1:127.0.0.1:$monitor" --fsid "$fsid" "$dir/monmap" >/dev/null
  ceph-mon $conf --mkfs -i a --monmap "$dir/monmap"
  ceph-mon $conf -i a
  timeout 60 ceph $conf osd new "$osd" 0 >/dev/null
  ceph-osd $conf -i 0 --mkfs --osd-uuid "$osd" >/dev/null 2>&1
  ceph-osd $conf -i 0 >/dev/null
  radosgw $conf -n client.rgw >/dev/null
  for _ in $(seq 120); do
    if curl -s -o /dev/null "127.0.0.1:$port"; then break; fi
    sleep 0.5
  done
  timeout 60 radosgw-admin $conf user create --uid=weir --display-name=weir --access-key=weir \
    --secret-key=weirsecret >/dev/null
}

case ${1:-} in
  start) start "$2" "$3" "$4" ;;
  stop) stop "$2" ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
