#!/usr/bin/env bash
# A login node on loopback: start | stop | env. Port: SSH_PORT. Whoever has the key `id` gets into every account. Its
# host key is `host`; `other` is that of no host.
SERVICE=ssh; . "$(dirname "$(readlink -f "$0")")/lib.sh"
PORT=${SSH_PORT:-17022}
SSHD=$(PATH=$PATH:/usr/sbin command -v sshd)

# Started by root it lives in a mount namespace of its own, in whose list of accounts all have a shell: HTCondor takes no
# jobs of root, and nobody else on this machine need have one.
accounts() { sed -E 's#:[^:]*/(nologin|false)$#:/bin/sh#' /etc/passwd; }

configuration() {
  cat <<C
Port $PORT
ListenAddress 127.0.0.1
HostKey $STATE/host
PidFile none
AuthorizedKeysFile $STATE/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
C
}

start() {
  [ -n "$SSHD" ] || fail "no sshd is installed"
  local key
  for key in host id other; do
    [ -s "$STATE/$key" ] || ssh-keygen -q -t ed25519 -N '' -C "pilotage $key" -f "$STATE/$key" || fail "no key $key"
  done
  cp "$STATE/id.pub" "$STATE/authorized_keys"; chmod 644 "$STATE/authorized_keys"
  echo "$PORT" >"$STATE/port"; echo "$SSHD" >"$STATE/sshd"
  configuration >"$STATE/sshd_config"
  set -- "$SSHD" -D -e -f "$STATE/sshd_config"
  if is_root; then
    # Where it locks its unprivileged part in; made by systemd elsewhere.
    mkdir -p /run/sshd && chmod 755 /run/sshd
    accounts >"$STATE/passwd"
    set -- unshare --mount sh -c 'mount --bind "$0" /etc/passwd && exec "$@"' "$STATE/passwd" "$@"
  fi
  launch sshd "$@"
  within 15 lets_in || fail "sshd is not up, see $STATE/sshd.out"
  say "up on port $PORT"
}
lets_in() {
  ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes -o LogLevel=ERROR \
    -p "$PORT" -i "$STATE/id" 127.0.0.1 true
}

stop() {
  local process connection connections=
  if running "$STATE/sshd.spawned"; then
    process=$(cat "$STATE/sshd.spawned"); connections=$(cat "/proc/$process/task/$process/children")
  fi
  end sshd TERM 10
  # Connections outlive the server that took them.
  for connection in $connections; do kill -s TERM "$connection" 2>/dev/null; done
}
environment() { echo "PILOTAGE_TEST_SSH=$STATE"; }
serve "$@"
