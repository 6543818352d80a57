# The verbs of the house. `make demo` shows the main job, `make test` passes the tests; both install what they need.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: demo serve test test-long lint bench bench-mpi build fuzz precheck

SETUP := eval "$$(scripts/setup.sh)"

demo:
	$(SETUP); cargo build --release --locked -p musubi-cli -p musubi-audit-log -p musubi-release-check; scripts/demo.sh

# The console on the demo region: open http://127.0.0.1:8080/ and log in with an account of demo-run/accounts.txt.
serve:
	$(SETUP); "$${CARGO_TARGET_DIR:-target}/release/musubi" --data "$${MUSUBI_DEMO:-demo-run}/data" serve --plain --listen 127.0.0.1:8080

# The journeys through the console need a browser; where none is to be had they say that they were not run.
test:
	eval "$$(scripts/setup.sh --browser)"; cargo test --workspace --locked --no-fail-fast

# Random histories of notices, opt-outs, erasures, crashes and restores against a model of who may be present.
test-long:
	$(SETUP); PROPTEST_CASES=$${CASES:-10000} cargo test --release --locked -p musubi-etl --test etl model:: -- --ignored --nocapture

build:
	$(SETUP); cargo build --release --locked -p musubi-cli

# The check before sending as one static file, to be handed to senders. --target keeps build scripts and macros out of it.
STATIC := x86_64-unknown-linux-gnu
precheck:
	$(SETUP); RUSTFLAGS="-C target-feature=+crt-static -C strip=symbols" \
	  cargo build --release --locked --target $(STATIC) -p musubi-precheck; \
	built="$${CARGO_TARGET_DIR:-target}/$(STATIC)/release/musubi-precheck"; ls -l "$$built"; \
	if command -v file > /dev/null; then file "$$built"; fi; \
	ldd "$$built" || true

lint:
	$(SETUP); cargo fmt --all --check; cargo clippy --workspace --all-targets --locked -- -D warnings

bench:
	$(SETUP); cargo build --release --locked -p musubi-cli; scripts/bench.sh

# Patient matching against Splink 5 on the same table; prints the tables of docs/performance.md.
bench-mpi:
	$(SETUP); scripts/bench_mpi.sh

fuzz:
	$(SETUP); scripts/fuzz.sh
