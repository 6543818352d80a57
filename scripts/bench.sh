#!/usr/bin/env bash
# Intake to loaded, beside two floors on the same bytes in the same run. MUSUBI_BENCH_MB sets the corpus size.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
chmod 755 "$work"   # the database server runs as another user when this runs as root
trap 'rm -rf "$work"' EXIT
"${CARGO_TARGET_DIR:-target}/release/musubi" bench --megabytes "${MUSUBI_BENCH_MB:-200}" --work "$work/bench"
