#!/bin/sh
# Installs Debian's kcat where it is missing: librdkafka's broker for tests, and the consumer that reads from it.
set -eu

program=kafka
cd "$(dirname "$0")/../.."
. scripts/lib.sh

need kcat have kcat
install_missing
