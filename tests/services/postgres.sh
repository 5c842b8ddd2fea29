#!/usr/bin/env bash
# A PostgreSQL cluster of our own with fsync on: start | stop | env. Port: POSTGRES_PORT.
SERVICE=postgres; . "$(dirname "$(readlink -f "$0")")/lib.sh"
PORT=${POSTGRES_PORT:-15432}
BIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)

start() {
  [ -n "$BIN" ] || fail "no PostgreSQL below /usr/lib/postgresql"
  mkdir -p "$STATE/run"; own postgres "$STATE"
  cd "$STATE" || exit 1
  if [ ! -s data/PG_VERSION ]; then
    as postgres "$BIN/initdb" -D "$STATE/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$STATE/initdb.log" 2>&1 ||
      fail "initdb failed, see $STATE/initdb.log"
  fi
  # A test makes and drops databases of its own: many connections, small buffers, durable commits.
  launch_as server postgres "$BIN/postgres" -D "$STATE/data" -p "$PORT" -k "$STATE/run" -c listen_addresses=127.0.0.1 -c max_connections=300 \
    -c shared_buffers=128MB -c fsync=on -c synchronous_commit=on
  within 30 "$BIN/pg_isready" -q -h 127.0.0.1 -p "$PORT" || fail "not up, see $STATE/server.out"
  say "up on port $PORT"
}
# INT is PostgreSQL's fast shutdown; TERM would wait for clients.
stop() { end server INT 20; }
environment() { echo "PILOTAGE_TEST_POSTGRES=postgres://postgres@127.0.0.1:$PORT/postgres"; }
serve "$@"
