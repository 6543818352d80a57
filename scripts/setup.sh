#!/usr/bin/env bash
# Makes sure that what Musubi builds and runs with is here: C and C++ compilers, CMake and libclang (the solver HiGHS is
# built from source), and a PostgreSQL server (its programs only; no service is started). As root, or with sudo that
# asks nothing, it installs Debian's packages. As an ordinary user it fetches the same packages into the user's cache
# and unpacks them there. Prints lines to be evaluated by the caller when its surroundings must change. Running it again
# changes nothing.
# With --browser it also looks for what the journeys through the web console need: Chromium with its driver, Japanese
# letters, and axe-core. Where they cannot be had it says so and goes on: nothing is built or run with them.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

have_server() {
  local folder
  if command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1; then return 0; fi
  for folder in /usr/lib/postgresql/*/bin; do
    [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && return 0
  done
  return 1
}

have_libclang() {
  local file
  [ -n "${LIBCLANG_PATH:-}" ] && return 0
  for file in /usr/lib/llvm-*/lib/libclang*.so* /usr/lib/*/libclang*.so* /usr/lib64/libclang*.so*; do
    [ -e "$file" ] && return 0
  done
  return 1
}

private="${XDG_CACHE_HOME:-$HOME/.cache}/musubi/packages"

have_browser() { command -v chromium >/dev/null 2>&1 && command -v chromedriver >/dev/null 2>&1; }

have_letters() {
  local file
  for file in /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc "$HOME"/.local/share/fonts/NotoSansCJK*; do
    [ -e "$file" ] && return 0
  done
  return 1
}

use_private() { # use_private postgresql|builders|browser
  local bin lib
  lib="$private/root/usr/lib/$(uname -m)-linux-gnu"
  case "$1" in
  postgresql)
    bin=$(ls -d "$private"/root/usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    [ -n "$bin" ] && [ -x "$bin/initdb" ] || return 1
    ;;
  builders)
    bin="$private/root/usr/bin"
    clang=$(ls -d "$private"/root/usr/lib/llvm-*/lib 2>/dev/null | sort -V | tail -n 1)
    [ -x "$bin/cmake" ] && [ -n "$clang" ] || return 1
    printf 'export LIBCLANG_PATH=%q\n' "$clang"
    ;;
  browser)
    bin="$private/root/usr/lib/chromium"
    [ -x "$bin/chromium" ] && [ -x "$private/root/usr/bin/chromedriver" ] || return 1
    cat >"$private/fonts.conf" <<CONF
<?xml version="1.0"?>
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>$private/root/usr/share/fonts</dir>
  <cachedir>$private/fontconfig</cachedir>
</fontconfig>
CONF
    printf 'export FONTCONFIG_FILE=%q\n' "$private/fonts.conf"
    bin="$bin:$private/root/usr/bin"
    ;;
  esac
  printf 'export PATH=%q:"$PATH" LD_LIBRARY_PATH=%q"${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"\n' "$bin" "$lib"
}

install_as() { # install_as COMMAND-PREFIX... -- PACKAGES...
  local prefix=()
  while [ "$1" != -- ]; do prefix+=("$1"); shift; done
  shift
  # Debian's package would start a cluster of its own; Musubi makes a private one in its data folder.
  "${prefix[@]}" mkdir -p /etc/postgresql-common
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    printf 'create_main_cluster = false\n' | "${prefix[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  "${prefix[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null
  "${prefix[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

fetch_privately() { # fetch_privately PACKAGES...
  local options package
  mkdir -p "$private"/state/lists/partial "$private"/cache/archives/partial "$private"/root
  options=(-o "Dir::State=$private/state" -o "Dir::State::status=/var/lib/dpkg/status"
    -o "Dir::Cache=$private/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=)
  apt-get "${options[@]}" update -qq >&2
  apt-get "${options[@]}" install -y -qq --no-install-recommends --download-only "$@" >&2
  for package in "$private"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$private/root"
  done
  rm -rf "$private/cache/archives"
}

# Without root: what is not here is unpacked in the user's cache. A compiler cannot be had that way.
set_up_privately() {
  if ! have_server || [ "${MUSUBI_SETUP_PRIVATE:-}" = 1 ]; then
    use_private postgresql >/dev/null || { say "setup: fetching PostgreSQL into $private"; fetch_privately postgresql; }
    use_private postgresql || { say "setup: no PostgreSQL server was found or could be fetched"; exit 1; }
  fi
  if ! command -v cmake >/dev/null 2>&1 || ! have_libclang || [ "${MUSUBI_SETUP_PRIVATE:-}" = 1 ]; then
    use_private builders >/dev/null || { say "setup: fetching CMake and libclang into $private"; fetch_privately cmake libclang-dev; }
    use_private builders || { say "setup: CMake and libclang could not be fetched"; exit 1; }
  fi
}

packages=()
command -v cc >/dev/null 2>&1 || packages+=(gcc libc6-dev)
command -v c++ >/dev/null 2>&1 || packages+=(g++)
command -v cmake >/dev/null 2>&1 || packages+=(cmake)
have_libclang || packages+=(libclang-dev)
have_server || packages+=(postgresql)

if [ "${MUSUBI_SETUP_PRIVATE:-}" = 1 ]; then
  set_up_privately
elif [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ]; then
    say "setup: installing ${packages[*]}"
    install_as -- "${packages[@]}"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    say "setup: installing ${packages[*]}"
    install_as sudo -n -- "${packages[@]}"
  elif command -v cc >/dev/null 2>&1 && command -v c++ >/dev/null 2>&1; then
    set_up_privately
  else
    say "setup: please install: ${packages[*]}"
    exit 1
  fi
fi

if ! command -v cargo >/dev/null 2>&1; then
  if [ -x "$HOME/.cargo/bin/cargo" ]; then
    printf 'export PATH="$HOME/.cargo/bin:$PATH"\n'
  else
    say "setup: Rust 1.95 or newer is needed (cargo was not found)"
    exit 1
  fi
fi

# axe-core, which looks for what keeps people out of a page: pinned with its hash in cli/tests/browser/package-lock.json.
set_up_axe() {
  local from axe
  from="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/cli/tests/browser"
  axe="${XDG_CACHE_HOME:-$HOME/.cache}/musubi/npm"
  if [ ! -e "$axe/node_modules/axe-core/axe.min.js" ] || ! cmp -s "$from/package-lock.json" "$axe/package-lock.json"; then
    command -v npm >/dev/null 2>&1 || return 1
    say "setup: fetching axe-core into $axe"
    mkdir -p "$axe"
    cp "$from/package.json" "$from/package-lock.json" "$axe/"
    (cd "$axe" && npm ci --no-audit --no-fund --ignore-scripts --silent >&2) || { rm -f "$axe/package-lock.json"; return 1; }
  fi
  printf 'export MUSUBI_AXE=%q\n' "$axe/node_modules/axe-core/axe.min.js"
}

set_up_browser() {
  local wanted=()
  have_browser || wanted+=(chromium chromium-driver)
  have_letters || wanted+=(fonts-noto-cjk)
  command -v npm >/dev/null 2>&1 || wanted+=(npm)
  if [ ${#wanted[@]} -gt 0 ] && ! use_private browser >/dev/null; then
    say "setup: installing ${wanted[*]} (a browser for the journeys through the console)"
    if [ "$(id -u)" = 0 ]; then
      install_as -- "${wanted[@]}" || say "setup: not to be had: ${wanted[*]}"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      install_as sudo -n -- "${wanted[@]}" || say "setup: not to be had: ${wanted[*]}"
    else
      fetch_privately chromium chromium-driver fonts-noto-cjk || say "setup: no browser could be fetched"
    fi
  fi
  if ! have_browser || ! have_letters; then
    use_private browser || { say "setup: no browser; the journeys through the console will not be run"; return 0; }
  fi
  set_up_axe || say "setup: axe-core could not be fetched; the pages will be looked at without it"
}

if [ "${1:-}" = --browser ]; then set_up_browser; fi
