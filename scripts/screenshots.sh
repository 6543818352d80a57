#!/usr/bin/env bash
# Takes the pictures of the console for docs/screenshots: runs the journeys (cli/tests/browser) and keeps one page for each
# role. `scripts/screenshots.sh FOLDER` takes them from a folder of an earlier run instead. Every picture is of made-up
# people and organisations; none may be larger than 150 KB.
set -euo pipefail
cd "$(dirname "$0")/.."

# NAME-IN-DOCS=NAME-IN-JOURNEYS
chosen=(
  login=login
  submitter=submitter-delivery
  operator=operator-tonight
  help-desk=desk-impact
  matching=linker-pair
  applicant=applicant-purpose
  decided=applicant-approved
  secretary=secretary-decided
  meeting=secretary-meeting
  committee=committee-dossier
  output-check=checker-release
  consolidation=checker-together
  hand-over=release-conditions
  recipient=recipient-package
  municipality=city-by-age
  auditor=auditor-search
  verified=auditor-verified
  trace=auditor-trace
  accounts=security-accounts
  emergency=emergency-review
)
most=153600

from="${1:-}"
if [ -z "$from" ]; then
  from=$(mktemp -d)
  chmod 755 "$from"
  eval "$(scripts/setup.sh --browser)"
  MUSUBI_BROWSER=required MUSUBI_SCREENSHOTS="$from" cargo test --locked -p musubi-cli --test browser
fi

mkdir -p docs/screenshots
missing=0
for pair in "${chosen[@]}"; do
  source="$from/${pair#*=}.png"
  target="docs/screenshots/${pair%%=*}.png"
  if [ ! -e "$source" ]; then
    printf 'no picture: %s\n' "${pair#*=}" >&2
    missing=1
    continue
  fi
  cp "$source" "$target"
  if command -v pngquant >/dev/null 2>&1; then
    pngquant --force --skip-if-larger --output "$target" 64 "$source" || true
  fi
  size=$(stat -c %s "$target")
  if [ "$size" -gt "$most" ]; then
    printf '%s is too large: %s bytes (install pngquant)\n' "$target" "$size" >&2
    rm "$target"
    missing=1
  fi
done
exit "$missing"
