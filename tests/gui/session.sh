#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command on a screen, a session bus and an accessibility bus of its own, with a home of its own:
#   session.sh COMMAND…
# The command finds the home in $HOME; it is removed afterwards. SMB_SCREEN: "1440x900" unless given.
set -euo pipefail

home=$(mktemp -d "${TMPDIR:-/tmp}/semblance-session.XXXXXX")
screen=
finish () {
  [[ -z $screen ]] || kill "$screen" 2>/dev/null || true
  rm -rf "$home"
}
trap finish EXIT
mkdir -m 700 "$home/run"
export HOME=$home XDG_RUNTIME_DIR=$home/run
export XDG_DATA_HOME=$home/.local/share XDG_STATE_HOME=$home/.local/state XDG_CONFIG_HOME=$home/.config
export XDG_CACHE_HOME=$home/.cache
export GSETTINGS_BACKEND=memory GSK_RENDERER=cairo GDK_DEBUG=gl-disable GDK_BACKEND=x11 GTK_USE_PORTAL=0
export GTK_A11Y=${SMB_A11Y:-atspi} LC_ALL=C.UTF-8 TZ=UTC
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS GTK_THEME

# A number of its own at random: sessions that begin and end at the same time must not take over each other's socket.
number=
for _ in 1 2 3 4 5; do
  number=$((1000 + RANDOM % 30000))
  rm -f "$home/ready"
  mkfifo "$home/ready"
  Xvfb ":$number" -displayfd 4 -screen 0 "${SMB_SCREEN:-1440x900}x24" -nolisten tcp -ac -noreset 4>"$home/ready" >/dev/null 2>&1 &
  screen=$!
  read -r -t 30 ready <"$home/ready" && [[ $ready == "$number" ]] && break
  kill "$screen" 2>/dev/null || true
  screen=
done
if [[ -z $screen ]]; then
  echo "session.sh: Xvfb did not start; is the package xvfb installed?" >&2
  exit 1
fi
export DISPLAY=:$number

# Only the command speaks on standard output: the daemons around it would break a test's protocol.
dbus-run-session -- bash -c 'exec "$@" >&3 3>&-' session "$@" 3>&1 1>&2
