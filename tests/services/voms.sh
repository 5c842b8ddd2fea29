#!/usr/bin/env bash
# A VOMS server on this machine, with the grid certificates that it and its users need, on a MariaDB of its own that
# listens on a Unix socket only. start | stop | env. Port: VOMS_PORT.
# PILOTAGE_TEST_VOMS names its folder:
#   certificates, vomsdir, vomses     what clients need
#   usercert.pem, userkey.pem         a member of the VO `testvo`: groups / and /prod, roles `pilot` and `production`
#   hostcert.pem, hostkey.pem         of localhost
#   voms-proxy-init                   that of Debian 13: the one of Debian 12 makes nothing from a proxy
#   serve PORT SECONDS LOG            runs a further server, whose attributes last SECONDS at most
SERVICE=voms; . "$(dirname "$(readlink -f "$0")")/lib.sh"
PORT=${VOMS_PORT:-15000}; VO=testvo; SUITE=trixie; CLIENT=${SERVICES_CACHE:-$SERVICES_ROOT}/voms-clients-$SUITE; SOCKET=$STATE/mariadb/socket
CA='/DC=test/DC=pilotage/CN=Test CA'; USER_DN='/DC=test/DC=pilotage/CN=Test Pilot'; HOST_DN='/DC=test/DC=pilotage/CN=localhost'
is_root && { WHO=voms; DATABASE_WHO=mysql; } || { WHO=$(id -un); DATABASE_WHO=$WHO; }

# issue NAME DN EXTENSION: NAMEcert.pem and NAMEkey.pem of the test's authority
issue() {
  openssl req -new -newkey rsa:2048 -nodes -subj "$2" -keyout "$STATE/$1key.pem" -out "$STATE/$1.csr" &&
    openssl x509 -req -in "$STATE/$1.csr" -CA "$STATE/ca.pem" -CAkey "$STATE/ca.key" -CAcreateserial -days 30 -sha256 \
      -out "$STATE/$1cert.pem" -extfile <(printf '%s\n' "$3" basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature,keyEncipherment) ||
    fail "cannot issue the certificate of $2"
  chmod 400 "$STATE/$1key.pem"
}

authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 60 -sha256 -subj "$CA" -keyout "$STATE/ca.key" -out "$STATE/ca.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign || fail "no authority"
  local hash; for hash in $(openssl x509 -subject_hash -subject_hash_old -noout -in "$STATE/ca.pem"); do
    cp "$STATE/ca.pem" "$STATE/certificates/$hash.0"
    # Tools of Globus refuse an authority without one.
    printf "access_id_CA X509 '%s'\npos_rights globus CA:sign\ncond_subjects globus '\"/DC=test/DC=pilotage/*\"'\n" "$CA" \
      >"$STATE/certificates/$hash.signing_policy"
  done
}

certificates() {
  [ -s "$STATE/usercert.pem" ] && return 0
  mkdir -p "$STATE/certificates" "$STATE/vomsdir/$VO"
  { authority && issue host "$HOST_DN" subjectAltName=DNS:localhost && issue user "$USER_DN" extendedKeyUsage=clientAuth; } \
    >"$STATE/openssl.out" 2>&1 || exit 1
  printf '%s\n%s\n' "$HOST_DN" "$CA" >"$STATE/vomsdir/$VO/localhost.lsc"
  echo "\"$VO\" \"localhost\" \"$PORT\" \"$HOST_DN\" \"$VO\"" >"$STATE/vomses"
}

# The user of the daemon is the database's root.
sql() { as "$DATABASE_WHO" mariadb --no-defaults --user="$DATABASE_WHO" --socket="$SOCKET" "$@"; }

start_database() {
  local folder=$STATE/mariadb
  mkdir -p "$folder"; own "$DATABASE_WHO" "$folder"
  [ -d "$folder/data/mysql" ] || as "$DATABASE_WHO" mariadb-install-db --no-defaults --datadir="$folder/data" --skip-test-db \
    --auth-root-authentication-method=socket --auth-root-socket-user="$DATABASE_WHO" >"$STATE/install-db.out" 2>&1 ||
    fail "no database, see $STATE/install-db.out"
  launch_as mariadbd "$DATABASE_WHO" mariadbd --no-defaults --datadir="$folder/data" --socket="$SOCKET" --skip-networking \
    --pid-file="$folder/pid" --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=16M --performance-schema=OFF
  within 40 sql -e 'select 1' || fail "mariadbd is not up, see $STATE/mariadbd.out"
}

fill_database() {
  sql <<Q >"$STATE/sql.out" 2>&1 || fail "no tables, see $STATE/sql.out"
create database if not exists voms;
create user if not exists voms@localhost identified by 'voms';
grant select, insert, update, delete, lock tables on voms.* to voms@localhost;
use voms;
-- The schema of the package has zero dates.
set sql_mode='';
source /usr/share/voms/voms-mysql.data
insert into ca values (1,'/O=VOMS/O=System/CN=Dummy Certificate Authority','local'),(6,'$CA','test');
insert into \`groups\` values (1,'/$VO',1,1),(2,'/$VO/prod',1,1);
insert into roles values (1,'VO-Admin'),(2,'production'),(3,'pilot');
insert into usr (userid,dn,ca,cn,mail,cauri) values (1,'$USER_DN',6,'Test Pilot','pilot@localhost',null);
insert into m (userid,gid,rid,cid) values (1,1,null,null),(1,2,null,null),(1,1,2,null),(1,1,3,null);
insert into seqnumber values ('00');
insert into version values (2);
Q
}

# The server knows no address to listen on: a library turns its bind to all addresses into one to loopback.
loopback() {
  [ -s "$STATE/loopback.so" ] && return 0
  cat >"$STATE/loopback.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>
int bind(int fd, const struct sockaddr *address, socklen_t length) {
  int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
  if (address->sa_family == AF_INET) {
    struct sockaddr_in here = *(const struct sockaddr_in *)address;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return next(fd, (struct sockaddr *)&here, sizeof here);
  }
  if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 here = *(const struct sockaddr_in6 *)address;
    here.sin6_addr = in6addr_loopback;
    return next(fd, (struct sockaddr *)&here, sizeof here);
  }
  return next(fd, address, length);
}
C
  cc -shared -fPIC -o "$STATE/loopback.so" "$STATE/loopback.c" -ldl || fail "cannot compile loopback.c"
}

# The program that runs a server.
write_serve() {
  # The server wants exactly this mode.
  echo voms >"$STATE/password"; chmod 640 "$STATE/password"
  cat >"$STATE/serve" <<S
#!/bin/sh
# serve PORT SECONDS LOG
port=\$1 seconds=\$2 log=\$3
set -- voms -foreground -vo $VO -port "\$port" -code 1 -dbname voms -username voms -passfile $STATE/password -contactstring localhost \\
  -mysql-socket $SOCKET -sqlloc /usr/lib/voms/libvomsmysql.so -x509_cert_dir $STATE/certificates -x509_user_cert $STATE/hostcert.pem \\
  -x509_user_key $STATE/hostkey.pem -logfile "\$log" -loglevel 4 -logtype 255 -uri localhost:"\$port" -timeout "\$seconds" -newformat
export HOME=$STATE X509_CERT_DIR=$STATE/certificates MYSQL_UNIX_PORT=$SOCKET LD_PRELOAD=$STATE/loopback.so
$(is_root && echo "exec setpriv --reuid $WHO --regid $WHO --clear-groups \"\$@\"" || echo 'exec "$@"')
S
  chmod 755 "$STATE/serve"
}

# The client runs with its own loader and libraries, which this machine's may be too old for.
write_client() {
  fetch "$SUITE" "$CLIENT" voms-clients
  local libraries; libraries=$(dirname "$(ls "$CLIENT"/usr/lib/*/libc.so.6)")
  cat >"$STATE/voms-proxy-init" <<S
#!/bin/sh
exec $(ls "$libraries"/ld-linux*) --library-path $libraries $CLIENT/usr/bin/voms-proxy-init2 "\$@"
S
  chmod 755 "$STATE/voms-proxy-init"
}

start() {
  certificates; write_client; start_database; fill_database; loopback; write_serve
  mkdir -p "$STATE/log"; local file; for file in log password hostcert.pem hostkey.pem; do own "$WHO" "$STATE/$file"; done
  running "$STATE/voms.spawned" || "$STATE/serve" "$PORT" 86400 "$STATE/log/voms.log" >"$STATE/voms.out" 2>&1 </dev/null
  within 20 listening || fail "voms is not up, see $STATE/log/voms.log"
  # It goes into the background whatever it is told: the one that listens is the one to end.
  ss -H -ltnp "sport = :$PORT" | sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -1 >"$STATE/voms.spawned"
  say "up with VO $VO on port $PORT"
}
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$PORT"); }

stop() { end voms; end mariadbd TERM 20; }
environment() { echo "PILOTAGE_TEST_VOMS=$STATE"; }
serve "$@"
