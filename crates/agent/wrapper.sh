#!/bin/sh
# Starts a Pilotage pilot on a worker node: checks the node, finds or downloads the pilot, becomes it.
# Arguments go to the pilot. Environment: PILOTAGE_PILOT (path of the program), or PILOTAGE_PILOT_URL with
# PILOTAGE_PILOT_SHA256; PILOTAGE_SCRATCH_BASE; PILOTAGE_SCRATCH_FREE_MIB (default 64); proxies as curl and wget know them.
# Exit codes: 64 download failed, 75 wrong checksum, 76 program cannot be executed, 77 no pilot program, 78 no directory
# for scratch, 79 too little space; all others are the pilot's (see docs/pilots.md). What else a node needs the pilot checks.
set -u
# As the batch system calls it, so that it can be told to avoid the node.
node=${SLURMD_NODENAME:-$(sed -n 's/^Machine = "\(.*\)"$/\1/p' "${_CONDOR_MACHINE_AD:-/dev/null}" 2>/dev/null)}
say() { echo "pilotage wrapper on ${node:-$(uname -n)}: $*" >&2; }
die() { code=$1; shift; say "$*"; exit "$code"; }

PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}; export PATH
need=${PILOTAGE_SCRATCH_FREE_MIB:-64}
reasons='' low=''

# The first directory that can be written, has room and lets programs run is for the download.
usable() {
    [ -n "$1" ] && [ -d "$1" ] || return 1
    probe="$1/.pilotage-wrapper-$$"
    (umask 077; printf '#!/bin/sh\nexit 0\n' >"$probe" && chmod 700 "$probe") 2>/dev/null ||
        { rm -f "$probe"; reasons="$reasons $1 (not writable)"; return 1; }
    "$probe" 2>/dev/null; ran=$?
    rm -f "$probe"
    free=$(df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
    [ "${free:-$need}" -ge "$need" ] || { low=1; reasons="$reasons $1 (${free} MiB free, $need needed)"; return 1; }
    [ "$ran" -eq 0 ] || { noexec=${noexec:-$1}; reasons="$reasons $1 (noexec)"; return 1; }
    place=$1
}
place='' noexec=''
for dir in "${PILOTAGE_SCRATCH_BASE:-}" "${SLURM_TMPDIR:-}" "${_CONDOR_SCRATCH_DIR:-}" "${TMPDIR:-}" /tmp /var/tmp "$PWD"; do
    usable "$dir" && break
done
[ -n "$place$noexec" ] || die $((78 + ${low:-0})) "no usable directory for scratch:${reasons:- none exists}"

memory=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null)
say "scratch ${place:-$noexec}, ${memory:-unknown} MiB memory available, $(getconf _NPROCESSORS_ONLN 2>/dev/null || echo '?') CPUs"

fetch() {
    # Given up when nothing comes for a minute, and after a quarter of an hour.
    if command -v curl >/dev/null; then
        curl -fsSL --connect-timeout 30 --speed-limit 1 --speed-time 60 --max-time 900 --retry 3 -o "$2" "$1"
    elif command -v wget >/dev/null; then wget -q --timeout=60 --tries=3 -O "$2" "$1"
    else say 'neither curl nor wget is on PATH'; return 1; fi
}

pilot=${PILOTAGE_PILOT:-}
if [ -z "$pilot" ] && [ -n "${PILOTAGE_PILOT_URL:-}" ]; then
    [ -n "$place" ] || die 76 "no directory lets programs run:$reasons"
    pilot="$place/pilotage-pilot-$$-$(id -u)"
    trap 'rm -f "$pilot"' EXIT
    (umask 077; fetch "$PILOTAGE_PILOT_URL" "$pilot") || die 64 "failed to download $PILOTAGE_PILOT_URL"
    sum=$(sha256sum "$pilot" | cut -d' ' -f1)
    [ "$sum" = "${PILOTAGE_PILOT_SHA256:-}" ] || die 75 "$PILOTAGE_PILOT_URL has checksum $sum, not ${PILOTAGE_PILOT_SHA256:-given}"
    chmod 700 "$pilot"
    PILOTAGE_DELETE_PROGRAM=1; export PILOTAGE_DELETE_PROGRAM
fi
[ -n "$pilot" ] || pilot=$(command -v pilotage-pilot) || die 77 'no pilot program: set PILOTAGE_PILOT or PILOTAGE_PILOT_URL'
[ -e "$pilot" ] || die 77 "no pilot program at $pilot"
[ -x "$pilot" ] || die 76 "$pilot cannot be executed by $(id -un)"
exec "$pilot" "$@"
