#!/usr/bin/env bash
# A Slurm cluster on this machine: one controller, SLURM_NODES node daemons, munge; no systemd, no cgroups.
# start | stop | env. Ports: SLURM_PORT for the controller, SLURM_PORT+10 and following for the nodes.
SERVICE=slurm; . "$(dirname "$(readlink -f "$0")")/lib.sh"
PORT=${SLURM_PORT:-17000}; NODES=${SLURM_NODES:-4}; CPUS=${SLURM_CPUS:-64}
HOST=$(hostname -s); SOCKET=$STATE/munge/munge.socket
export SLURM_CONF=$STATE/slurm.conf

# Debian installs the daemons as NAME-wlm behind alternatives that an emulator package may take over. They look at
# their own program name, which must be the plain one.
daemon() {
  local job=$1 name=$2 file; shift 2
  file=$(command -v "/usr/sbin/$name-wlm" || command -v "/usr/sbin/$name") || fail "no $name is installed"
  launch "$job" bash -c 'name=$1 file=$2; shift 2; exec -a "$name" "$file" "$@"' _ "$name" "$file" "$@"
}

configuration() {
  local user; user=$(id -un)
  cat <<C
ClusterName=pilotage
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$PORT
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$SOCKET
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$STATE/state
SlurmdSpoolDir=$STATE/spool/%n
SlurmctldPidFile=$STATE/run/slurmctld.pid
SlurmdPidFile=$STATE/run/slurmd-%n.pid
SlurmctldLogFile=$STATE/log/slurmctld.log
SlurmdLogFile=$STATE/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
PropagateResourceLimits=NONE
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=defer,sched_interval=2,sched_min_interval=200000,bf_interval=5
MaxArraySize=1001
MaxJobCount=50000
MinJobAge=300
KillWait=3
MessageTimeout=30
InactiveLimit=0
Waittime=0
JobCompType=jobcomp/filetxt
JobCompLoc=$STATE/log/jobcomp.txt
NodeName=n[1-$NODES] NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((PORT + 10))-$((PORT + 9 + NODES)) CPUs=$CPUS RealMemory=64000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=ALL MaxTime=00:10:00 State=UP
C
}

start_munge() {
  local folder=$STATE/munge
  mkdir -p "$folder"
  [ -s "$folder/munge.key" ] || (umask 077; head -c 128 /dev/urandom >"$folder/munge.key")
  own munge "$folder"; chmod 755 "$folder"; chmod 400 "$folder/munge.key"
  rm -f "$SOCKET" "$SOCKET.lock"
  launch_as munged munge munged --foreground --key-file="$folder/munge.key" \
    --socket="$SOCKET" --log-file="$folder/munged.log" --pid-file="$folder/munged.pid" --seed-file="$folder/munged.seed"
  within 15 sh -c "munge -S '$SOCKET' -n | unmunge -S '$SOCKET'" || fail "munged is not up, see $STATE/munged.out"
}

start() {
  mkdir -p "$STATE"/{state,log,run,spool}
  configuration >"$SLURM_CONF"
  start_munge
  daemon slurmctld slurmctld -D
  within 40 scontrol ping || fail "slurmctld is not up, see $STATE/log/slurmctld.log"
  local node stepd; stepd=$(command -v /usr/sbin/slurmstepd-wlm || command -v /usr/sbin/slurmstepd)
  for ((node = 1; node <= NODES; node++)); do daemon "slurmd-n$node" slurmd -D -N "n$node" -d "$stepd"; done
  within 40 nodes_ready || fail "the nodes are not idle: $(sinfo -N -h 2>&1)"
  say "up with $NODES nodes on port $PORT"
}
nodes_ready() { [ "$(sinfo -h -N -p main -t idle,alloc,mix -o %N | wc -l)" = "$NODES" ]; }

stop() {
  local file name
  if running "$STATE/slurmctld.spawned"; then timeout 20 scancel --user="$(id -un)"; within 20 no_jobs; fi
  # All are told first, then waited for: each daemon takes seconds to go.
  for file in "$STATE"/slurm*.spawned; do [ -e "$file" ] && kill -s TERM "$(cat "$file")" 2>/dev/null; done
  for file in "$STATE"/slurm*.spawned; do
    name=$(basename "$file" .spawned); [ -e "$file" ] && end "$name" TERM 15
  done
  end munged TERM 10
}
no_jobs() { [ -z "$(squeue -h)" ]; }
environment() { echo "SLURM_CONF=$SLURM_CONF"; }
serve "$@"
