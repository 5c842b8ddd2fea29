#!/usr/bin/env bash
# A small computing centre of three hosts in network namespaces, for the test of an unprivileged user: start | stop | env.
#   login   controller of Slurm; reached by node for Slurm, and by gate for everything else
#   node    the only node of Slurm; its one way out is the proxy on gate
#   gate    an HTTPS proxy
# The file system is shared by all. SITE names the namespaces; needs root, as namespaces do.
SERVICE=site; . "$(dirname "$(readlink -f "$0")")/lib.sh"
: "${SITE:?set SITE to a word that names this site}"
HOST=$(hostname -s); SOCKET=$STATE/munge.socket; PORT=6817; WHO=games
export SLURM_CONF=$STATE/slurm.conf

# Unlike `ip netns exec` this leaves /sys, and with it the cgroups that slurmd looks for, as it is.
at() { local host=$1; shift; nsenter --net="/run/netns/$SITE-$host" "$@"; }

# link HOST ADDRESS HOST ADDRESS: a cable between two hosts
link() {
  local one="${1:0:1}${3:0:1}$SITE" other="${3:0:1}${1:0:1}$SITE"
  ip link add "$one" netns "$SITE-$1" type veth peer name "$other" netns "$SITE-$3"
  at "$1" ip address add "$2/24" dev "$one"; at "$1" ip link set "$one" up
  at "$3" ip address add "$4/24" dev "$other"; at "$3" ip link set "$other" up
}

configuration() {
  cat <<C
ClusterName=$SITE
SlurmctldHost=$HOST(10.213.7.1)
SlurmctldPort=$PORT
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$SOCKET
StateSaveLocation=$STATE/state
SlurmdSpoolDir=$STATE/spool
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
SlurmctldLogFile=$STATE/slurmctld.log
SlurmdLogFile=$STATE/slurmd.log
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
SchedulerParameters=sched_interval=2,sched_min_interval=200000
KillWait=3
NodeName=worker NodeHostname=$HOST NodeAddr=10.213.7.2 Port=6818 CPUs=8 RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
C
}

# As in slurm.sh: the daemons look at their own program name.
daemon() {
  local host=$1 name=$2 file; shift 2
  file=$(command -v "/usr/sbin/$name-wlm" || command -v "/usr/sbin/$name") || fail "no $name is installed"
  launch "$name" nsenter --net="/run/netns/$SITE-$host" bash -c 'name=$1 file=$2; shift 2; exec -a "$name" "$file" "$@"' _ "$name" "$file" "$@"
}

start() {
  is_root || fail "network namespaces need root"
  local host stepd; stepd=$(command -v /usr/sbin/slurmstepd-wlm || command -v /usr/sbin/slurmstepd)
  for host in login node gate; do ip netns add "$SITE-$host"; at "$host" ip link set lo up; done
  link login 10.213.7.1 node 10.213.7.2
  link node 10.213.8.2 gate 10.213.8.1
  link gate 10.213.9.2 login 10.213.9.1
  mkdir -p "$STATE"/{state,spool,munge,home}; chmod 755 "$STATE/spool"; own "$WHO" "$STATE/home"
  configuration >"$SLURM_CONF"
  (umask 077; head -c 128 /dev/urandom >"$STATE/munge/munge.key")
  own munge "$STATE/munge"; chmod 755 "$STATE/munge"
  launch_as munged munge munged --foreground --key-file="$STATE/munge/munge.key" --socket="$STATE/munge/socket" \
    --log-file="$STATE/munge/munged.log" --pid-file="$STATE/munge/munged.pid" --seed-file="$STATE/munge/seed"
  ln -s munge/socket "$SOCKET"
  within 15 sh -c "munge -S '$SOCKET' -n | unmunge -S '$SOCKET'" || fail "munged is not up, see $STATE/munged.out"
  daemon login slurmctld -D
  within 40 nsenter --net="/run/netns/$SITE-login" scontrol ping || fail "slurmctld is not up, see $STATE/slurmctld.log"
  daemon node slurmd -D -N worker -d "$stepd"
  printf 'Port 8888\nListen 10.213.8.1\nTimeout 600\nLogFile "%s"\nLogLevel Connect\nMaxClients 100\n' "$STATE/proxy.log" >"$STATE/proxy.conf"
  : >"$STATE/proxy.log"
  launch proxy nsenter --net="/run/netns/$SITE-gate" tinyproxy -d -c "$STATE/proxy.conf"
  within 40 idle || fail "the node is not idle: $(at login sinfo -N -h 2>&1)"
  say "up"
}
idle() { [ "$(at login sinfo -h -N -t idle -o %N)" = worker ]; }

stop() {
  local host name
  for name in proxy slurmd slurmctld munged; do end "$name" TERM 15; done
  for host in login node gate; do
    # What a user left running on a host ends with the host.
    ip netns pids "$SITE-$host" 2>/dev/null | xargs -r kill -s KILL 2>/dev/null
    ip netns delete "$SITE-$host" 2>/dev/null
  done
}
environment() { printf 'SITE_USER=%s\nSITE_HOME=%s\nSITE_PROXY_LOG=%s\nSLURM_CONF=%s\n' "$WHO" "$STATE/home" "$STATE/proxy.log" "$SLURM_CONF"; }
serve "$@"
