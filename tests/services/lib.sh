# Shared parts of the service scripts of this folder; sourced by them, never run.
# A service keeps everything below $SERVICES_ROOT/NAME and listens on loopback only. Only processes whose id was
# written down by `launch` are ever ended.
set -u
: "${SERVICES_ROOT:?set SERVICES_ROOT to a folder of the services}"
STATE=$SERVICES_ROOT/$SERVICE

say() { printf '%s: %s\n' "$SERVICE" "$*" >&2; }
fail() { say "error: $*"; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }

# running FILE: is the process recorded in FILE alive?
running() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# launch NAME COMMAND...: in a session of its own, output to STATE/NAME.out, process id to STATE/NAME.spawned
launch() {
  local name=$1; shift
  running "$STATE/$name.spawned" && return 0
  setsid "$@" >>"$STATE/$name.out" 2>&1 </dev/null &
  echo $! >"$STATE/$name.spawned"
}

# launch_as NAME USER COMMAND...: the same as another user when we are root
launch_as() {
  local name=$1 user=$2; shift 2
  if is_root; then set -- setpriv --reuid "$user" --regid "$user" --init-groups "$@"; fi
  launch "$name" "$@"
}

# end NAME [SIGNAL] [SECONDS]: SIGNAL, then KILL when it does not go
end() {
  local file=$STATE/$1.spawned signal=${2:-TERM} seconds=${3:-10} process
  [ -s "$file" ] || return 0
  process=$(cat "$file")
  if kill -s "$signal" "$process" 2>/dev/null; then
    within "$seconds" gone "$process" || kill -s KILL "$process" 2>/dev/null
  fi
  rm -f "$file"
}
gone() { ! kill -0 "$1" 2>/dev/null; }

# within SECONDS COMMAND...: repeat until it succeeds
within() {
  local tenths=$(($1 * 10)); shift
  while [ "$tenths" -gt 0 ]; do
    "$@" >/dev/null 2>&1 && return 0
    tenths=$((tenths - 1)); sleep 0.1
  done
  return 1
}

# as USER COMMAND...: as that user when we are root, else as we are
as() {
  local user=$1; shift
  if is_root; then setpriv --reuid "$user" --regid "$user" --init-groups "$@"; else "$@"; fi
}
own() { if is_root; then chown -R "$1:$1" "$2"; fi; }

# The mirror that this machine itself uses, for nothing else is surely reachable from it.
mirror() {
  grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 | tr -d ' '
}

# download FOLDER SUITE PACKAGE: the package of that suite and all that it depends on, as if nothing were installed; apt
# keeps its state in the folder
download() {
  local apt=$1 suite=$2 package=$3 from; from=$(mirror)
  mkdir -p "$apt"/{lists/partial,archives/partial}; : >"$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${from:-http://deb.debian.org/debian} $suite main" >"$apt/sources.list"
  set -- -qq -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State="$apt" \
    -o Dir::State::Lists="$apt/lists" -o Dir::State::Status="$apt/status" -o Dir::Cache="$apt" -o Dir::Cache::Archives="$apt/archives" \
    -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Acquire::Languages=none -o Debug::NoLocking=true
  apt-get "$@" update && apt-get "$@" --yes --download-only install "$package"
}

# fetch SUITE FOLDER PACKAGE: what is needed of the package to run its programs, unpacked in the folder. Only once; made
# beside it and renamed, so that it is whole or absent.
fetch() {
  local suite=$1 folder=$2 package=$3
  [ -d "$folder" ] && return 0
  local half=$folder.$$ deb
  mkdir -p "$half/root"
  download "$half/apt" "$suite" "$package" >"$half/apt.log" 2>&1 || fail "apt failed: $(tail -n 5 "$half/apt.log")"
  for deb in "$half"/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$half/root" --exclude=./usr/share --exclude='./usr/lib/python*' --exclude='./usr/lib/*/perl*' --exclude=./var ||
      fail "cannot unpack $deb"
  done
  mv -T "$half/root" "$folder" 2>/dev/null || [ -d "$folder" ] || fail "cannot make $folder"
  rm -rf "$half"
}

serve() {
  mkdir -p "$STATE" && chmod 755 "$SERVICES_ROOT" "$STATE" || exit 1
  case "${1:-}" in
    start) start ;;
    stop) stop ;;
    env) environment ;;
    *) echo "usage: SERVICES_ROOT=DIR $0 start|stop|env" >&2; exit 2 ;;
  esac
}
