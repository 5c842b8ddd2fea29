#!/usr/bin/env bash
# A MyProxy server on this machine, with the certificates that voms.sh has made: start | stop | env. Port: MYPROXY_PORT.
# Whoever knows a passphrase gets the credential, and so does whoever is the one that stored it.
SERVICE=myproxy; . "$(dirname "$(readlink -f "$0")")/lib.sh"
PORT=${MYPROXY_PORT:-17512}; VOMS=$SERVICES_ROOT/voms
is_root && WHO=myproxy || WHO=$(id -un)

configuration() {
  printf '%s "*"\n' accepted_credentials authorized_retrievers default_retrievers authorized_renewers authorized_key_retrievers trusted_retrievers
  printf '%s "none"\n' default_renewers default_key_retrievers
  # The tests have one certificate only: what it stored it may fetch by a proxy of itself.
  echo 'allow_self_authorization true'
  echo 'default_trusted_retrievers "/DC=test/DC=pilotage/*"'
}

start() {
  [ -s "$VOMS/hostkey.pem" ] || fail "start voms.sh first, which makes the certificates"
  mkdir -p "$STATE/store"; chmod 700 "$STATE/store"
  cp "$VOMS/hostcert.pem" "$STATE/hostcert.pem"; (umask 077; cp "$VOMS/hostkey.pem" "$STATE/hostkey.pem")
  configuration >"$STATE/config"
  own "$WHO" "$STATE"
  # It goes into the background by itself, and would serve only one connection otherwise.
  running "$STATE/myproxy.spawned" || as "$WHO" env HOME="$STATE" X509_CERT_DIR="$VOMS/certificates" \
    X509_USER_CERT="$STATE/hostcert.pem" X509_USER_KEY="$STATE/hostkey.pem" \
    myproxy-server -p "$PORT" -c "$STATE/config" -s "$STATE/store" -l 127.0.0.1 -P "$STATE/myproxy.spawned" >"$STATE/myproxy.out" 2>&1 </dev/null
  within 20 listening || fail "myproxy-server is not up, see $STATE/myproxy.out"
  say "up on port $PORT"
}
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$PORT"); }

stop() { end myproxy; }
environment() { echo "PILOTAGE_TEST_MYPROXY=$PORT"; }
serve "$@"
