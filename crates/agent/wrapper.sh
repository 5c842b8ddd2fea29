#!/bin/sh
# Starts a Pilotage pilot on a worker node: looks for a place to write, obtains the pilot program, becomes it. See
# docs/wrappers.md. Arguments go to the pilot. Environment:
#   PILOTAGE_PILOT         path of the program; or else
#   PILOTAGE_PILOTS        versions to draw from, each as NAME SHARE SHA256 SOURCE... ; with URLs and paths as sources
#   PILOTAGE_WRAPPER       a VO's own wrapper, as NAME SHA256 SOURCE...; it is given the pilot's whole command
#   PILOTAGE_SCRATCH_BASE, PILOTAGE_SCRATCH_FREE_MIB (64 when not set); proxies as curl and wget know them
# Exit codes: 64 nothing could be fetched, 75 what was fetched is not what was asked for, 76 program cannot be executed,
# 77 no pilot program, 78 no directory for scratch, 79 too little space; all others are the pilot's (docs/pilots.md).
set -uf
# As the batch system calls it, so that it can be told to avoid the node.
node=${SLURMD_NODENAME:-$(sed -n 's/^Machine = "\(.*\)"$/\1/p' "${_CONDOR_MACHINE_AD:-/dev/null}" 2>/dev/null)}
say() { echo "pilotage wrapper on ${node:-$(uname -n)}: $*" >&2; }
die() { code=$1; shift; say "$*"; exit "$code"; }

PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}; export PATH
need=${PILOTAGE_SCRATCH_FREE_MIB:-64}
reasons='' low=''

# The first directory that can be written, has room and lets programs run is for downloads.
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
# What wrappers left that were killed; a download takes less than a day.
[ -z "$place" ] || find "$place/." ! -name . -prune -type f -name 'pilotage-fetched-*' -user "$(id -u)" -mtime +0 \
    -exec rm -f {} + 2>/dev/null

# Certificates are not looked at: the checksum, which came with the batch job, says more than they could. A source is given
# up when nothing comes for a minute, and after a quarter of an hour.
fetch() {
    if command -v curl >/dev/null; then
        why=$(curl -fsSLk --connect-timeout 30 --speed-limit 1 --speed-time 60 --max-time 900 --retry 2 -o "$2" "$1" 2>&1)
    elif command -v wget >/dev/null; then
        why=$(wget -nv --no-check-certificate --timeout=60 --tries=3 -O "$2" "$1" 2>&1)
    else why='neither curl nor wget is on PATH'; return 1; fi
}

# Proxies answer with pages of their own.
is_meant() {
    case $(head -c 4 "$1" | tr -d '\000\177') in
        ELF | '#!'*) ;;
        *) why="is no program, it begins with '$(head -c 40 "$1" | tr -cd '[:print:]')'"; return 1 ;;
    esac
    sum=$(sha256sum <"$1" | cut -d' ' -f1)
    [ "$sum" = "$2" ] || { why="has checksum $sum, not $2"; return 1; }
}

# NAME SHA256 SOURCE...: the first source that gives what is meant. Sets $got, $source, and in $passed why not the others.
obtain() {
    name=$1 wanted=$2 passed='' worst=75; shift 2
    for source; do
        case $source in
            *://*)
                [ -n "$place" ] || die 76 "no directory lets programs run:$reasons"
                got="$place/pilotage-fetched-$$-$(id -u)-$name" mask=$(umask)
                umask 077; fetch "$source" "$got" || worst=64 got=''; umask "$mask"
                [ -n "$got" ] && is_meant "$got" "$wanted" && chmod 700 "$got" && return
                rm -f "$place/pilotage-fetched-$$-$(id -u)-$name" ;;
            *)
                got=$source
                if [ ! -r "$source" ]; then why='cannot be read' worst=64
                elif [ ! -x "$source" ]; then why='cannot be executed'
                elif is_meant "$source" "$wanted"; then return; fi ;;
        esac
        # The last line tells most, and one line is all that the factory looks for.
        why=$(printf '%s\n' "$why" | tail -n 1)
        say "$name: $source: $why; the next source is tried"
        passed="$passed${passed:+; }$source: $why"
    done
    die "$worst" "no source gives $name: $passed"
}

pilot_id() {
    [ -z "${PILOTAGE_FIRST_ID:-}" ] || { echo $((PILOTAGE_FIRST_ID + ${SLURM_ARRAY_TASK_ID:-0})); return; }
    file=${PILOTAGE_SECRET_FILE:-}
    while [ $# -gt 1 ]; do [ "$1" != --secret-file ] || file=$2; shift; done
    sed -n 's/.*"pilot": *\([0-9][0-9]*\).*/\1/p' "$file" 2>/dev/null
}

# Versions...: the words of the one that this pilot draws by its id, without the share. Neighbours are spread evenly.
draw() {
    total=0 at=1
    for word; do
        case $at$word in 1*) at=2 ;; 2*) total=$((total + word)) at=3 ;; '3;') at=1 ;; esac
    done
    left=$((${id:-0} % 2147483648 * 2654435761 % 4294967296 * total / 4294967296)) at=1 drawn=''
    for word; do
        case $at$word in
            1*) version=$word at=2 ;;
            2*) left=$((left - word)) at=3; [ "$left" -ge 0 ] || { drawn=$version at=4; } ;;
            '3;') at=1 ;;
            '4;') return ;;
            4*) drawn="$drawn $word" ;;
        esac
    done
}

pilot=${PILOTAGE_PILOT:-}
if [ -z "$pilot" ] && [ -n "${PILOTAGE_PILOTS:-}" ]; then
    id=$(pilot_id "$@")
    # shellcheck disable=SC2086 # They are lists of words.
    draw $PILOTAGE_PILOTS; obtain $drawn
    pilot=$got PILOTAGE_PROGRAM_VERSION=$name PILOTAGE_PROGRAM_SOURCE=$source PILOTAGE_PASSED_OVER=$passed
    export PILOTAGE_PROGRAM_VERSION PILOTAGE_PROGRAM_SOURCE PILOTAGE_PASSED_OVER
    [ "$got" = "$source" ] || { PILOTAGE_DELETE_PROGRAM=1; export PILOTAGE_DELETE_PROGRAM; }
    [ "$got" = "$source" ] || trap 'rm -f "$pilot"' EXIT
fi
[ -n "$pilot" ] || pilot=$(command -v pilotage-pilot) || die 77 'no pilot program: set PILOTAGE_PILOT or PILOTAGE_PILOTS'
[ -e "$pilot" ] || die 77 "no pilot program at $pilot"
[ -x "$pilot" ] || die 76 "$pilot cannot be executed by $(id -un)"
[ -n "${PILOTAGE_WRAPPER:-}" ] || exec "$pilot" "$@"
# shellcheck disable=SC2086 # It is a list of words.
obtain $PILOTAGE_WRAPPER
[ "$got" = "$source" ] || { PILOTAGE_DELETE_WRAPPER=$got; export PILOTAGE_DELETE_WRAPPER; }
[ -x "$got" ] || die 76 "$got cannot be executed by $(id -un)"
exec "$got" "$pilot" "$@"
