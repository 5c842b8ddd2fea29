#!/usr/bin/env bash
# An HTCondor pool on this machine: Debian 13's packages on whatever Debian or Ubuntu this is. start | stop | env.
# The packages are unpacked below the folder, never installed, and their programs are told to use their own loader and
# libraries; so no chroot, no mounts, and nothing of the machine is changed. One port for all daemons: HTCONDOR_PORT.
# Started by root the daemons run as `daemon` and jobs as the user that env names; else all as the one who starts them.
SERVICE=htcondor; . "$(dirname "$(readlink -f "$0")")/lib.sh"
PORT=${HTCONDOR_PORT:-19618}; CPUS=${HTCONDOR_CPUS:-64}; SUITE=trixie
CACHE=${SERVICES_CACHE:-$SERVICES_ROOT}/htcondor-$SUITE; ROOT=$STATE/root
export CONDOR_CONFIG=$STATE/condor_config
is_root && WHO=games || WHO=$(id -un)

# Debian's programs name the machine's loader, which may be too old for them.
unpack() {
  [ -d "$ROOT" ] && return 0
  cp -a "$CACHE" "$ROOT"
  local libraries loader file; libraries=$(dirname "$(ls "$ROOT"/usr/lib/*/libc.so.6)"); loader=$(ls "$libraries"/ld-linux*)
  for file in "$ROOT"/usr/sbin/condor_* "$ROOT"/usr/bin/condor_* "$ROOT"/usr/bin/blahpd "$ROOT"/usr/libexec/condor/* "$ROOT"/usr/lib/*.so*; do
    [ -f "$file" ] && [ ! -L "$file" ] || continue
    patchelf --print-interpreter "$file" >/dev/null 2>&1 && patchelf --set-interpreter "$loader" "$file"
    patchelf --force-rpath --set-rpath "$ROOT/usr/lib:$libraries" "$file" 2>/dev/null
  done
  # A folder for PATH with these commands alone: beside them lie Debian 13's own, which cannot run here.
  mkdir "$STATE/bin" && ln -s "$ROOT"/usr/{bin,sbin}/condor_* "$STATE/bin/"
}

configuration() {
  cat <<C
RELEASE_DIR = $ROOT/usr
BIN = \$(RELEASE_DIR)/bin
SBIN = \$(RELEASE_DIR)/sbin
LIB = \$(RELEASE_DIR)/lib
LIBEXEC = \$(RELEASE_DIR)/libexec/condor
LOCAL_DIR = $STATE
LOG = $STATE/log
SPOOL = $STATE/spool
EXECUTE = $STATE/execute
LOCK = $STATE/lock
RUN = $STATE/lock
DAEMON_LIST = MASTER COLLECTOR NEGOTIATOR SCHEDD STARTD
CONDOR_HOST = 127.0.0.1
COLLECTOR_HOST = 127.0.0.1:$PORT
NETWORK_INTERFACE = 127.0.0.1
BIND_ALL_INTERFACES = false
ENABLE_IPV6 = false
USE_SHARED_PORT = true
SHARED_PORT_PORT = $PORT
SCHEDD_NAME = schedd@pilotage.test
UID_DOMAIN = pilotage.test
FILESYSTEM_DOMAIN = pilotage.test
TRUST_UID_DOMAIN = true
SEC_DEFAULT_AUTHENTICATION = REQUIRED
SEC_DEFAULT_AUTHENTICATION_METHODS = FS
ALLOW_READ = *
ALLOW_WRITE = *
ALLOW_DAEMON = *
ALLOW_NEGOTIATOR = *
ALLOW_ADMINISTRATOR = *
NUM_CPUS = $CPUS
MEMORY = 64000
SLOT_TYPE_1 = 100%
SLOT_TYPE_1_PARTITIONABLE = true
NUM_SLOTS_TYPE_1 = 1
START = true
SUSPEND = false
PREEMPT = false
KILL = false
WANT_SUSPEND = false
MACHINEMAXVACATETIME = 10
USE_PID_NAMESPACES = false
DISCARD_SESSION_KEYRING_ON_STARTUP = false
BASE_CGROUP =
MOUNT_UNDER_SCRATCH =
STARTD_ENFORCE_DISK_LIMITS = false
RUNBENCHMARKS = 0
JOB_START_DELAY = 0
JOB_START_COUNT = 50
SCHEDD_INTERVAL = 2
SCHEDD_MIN_INTERVAL = 1
NEGOTIATOR_INTERVAL = 2
NEGOTIATOR_CYCLE_DELAY = 1
NEGOTIATOR_MIN_INTERVAL = 1
UPDATE_INTERVAL = 5
CLAIM_WORKLIFE = 60
SHADOW_CHECKPROXY_INTERVAL = 2
# The HTCondor of Debian 13 fails to ask for a delegated proxy (X509Credential::Request); a copy does as well.
DELEGATE_JOB_GSI_CREDENTIALS = false
PERIODIC_EXPR_INTERVAL = 2
MAX_JOBS_RUNNING = 2000
JOB_DEFAULT_REQUESTMEMORY = 32
JOB_DEFAULT_REQUESTDISK = 1024
GRIDMANAGER_JOB_PROBE_INTERVAL = 2
CONDOR_JOB_POLL_INTERVAL = 2
C_GAHP_CONTACT_SCHEDD_DELAY = 1
CGAHP_SCHEDD_INTERACTION_TIME = 1
C_GAHP_LOG = $STATE/grid/\$(USERNAME).log
C_GAHP_LOCK = $STATE/grid/\$(USERNAME).lock
C_GAHP_WORKER_THREAD_LOG = $STATE/grid/\$(USERNAME).worker.log
C_GAHP_WORKER_THREAD_LOCK = $STATE/grid/\$(USERNAME).worker.lock
MASTER_NEW_BINARY_RESTART = NEVER
MASTER_BACKOFF_CONSTANT = 1
MASTER_BACKOFF_CEILING = 2
C
  is_root && echo "CONDOR_IDS = $(id -u daemon).$(id -g daemon)"
}

start() {
  fetch "$SUITE" "$CACHE" condor; unpack
  local folder; for folder in log spool execute lock; do mkdir -p "$STATE/$folder"; own daemon "$STATE/$folder"; done
  mkdir -p "$STATE/grid"; own "$WHO" "$STATE/grid"
  configuration >"$CONDOR_CONFIG"
  launch master "$STATE/bin/condor_master" -f
  within 60 ready || fail "not up, see $STATE/log"
  say "up with $CPUS cores on port $PORT"
}
ready() {
  "$STATE/bin/condor_status" -af Name | grep -q . && "$STATE/bin/condor_q" -totals
}

# QUIT is HTCondor's fast shutdown; TERM would wait for jobs.
stop() { end master QUIT 30; }
environment() { printf 'CONDOR_CONFIG=%s\nPILOTAGE_TEST_CONDOR_BIN=%s\nPILOTAGE_TEST_CONDOR_USER=%s\n' "$CONDOR_CONFIG" "$STATE/bin" "$WHO"; }
serve "$@"
