#!/bin/sh
# panda-pilot.sh DIRECTORY PORT QUEUE: the real, unmodified panda-pilot, for one job of QUEUE of the server on 127.0.0.1:PORT.
# PILOTAGE_PANDA_PILOT is the unpacked source distribution, with pilot.py in it. Everything is kept below the empty
# DIRECTORY, what the pilot says in DIRECTORY/output. All its processes end when this one is killed.
set -eu
directory=$1 port=$2 queue=$3
own=http://127.0.0.1:$port
[ -e "$PILOTAGE_PANDA_PILOT/pilot.py" ] || { echo "$PILOTAGE_PANDA_PILOT holds no pilot.py" >&2; exit 1; }

cp -r "$PILOTAGE_PANDA_PILOT" "$directory/pilot3"
mkdir "$directory/tok" "$directory/out"
# The pilot wants some credential; on loopback the server asks for none.
printf none > "$directory/tok/panda_token"

if [ -e "$directory/pilot3/arguments.py" ]; then
	# Pilots from 3.11 on are told where scripts may come from.
	set -- --url http://127.0.0.1 -p "$port" -b --baseurls "$own/trf"
else
	# Pilot 3.7 takes scripts from this host and port only. It calls by curl, which can be led to ours; the server writes
	# the host it was called by into the URL of the script. Queue data it fetches without curl, from our address.
	echo "connect-to = pandaserver-doma.cern.ch:25080:127.0.0.1:$port" > "$directory/.curlrc"
	set -- --url http://pandaserver-doma.cern.ch -p 25080
fi
[ "$(id -u)" = 0 ] && map= || map='--user --map-root-user'

cd "$directory"
# A namespace of its own: at its end the pilot looks for processes without parent, and kills those of its user.
exec env -i PATH="$PATH" HOME="$directory" LANG=C.UTF-8 PILOT_NOKILL=1 GTAG=http://127.0.0.1/factory/log.1 \
	LOCAL_AGIS_SCHEDCONF="$own/cric/pandaqueues.json" \
	PANDA_AUTH_TOKEN=panda_token PANDA_AUTH_ORIGIN=test PANDA_AUTH_DIR="$directory/tok/" \
	unshare $map --pid --mount --fork --kill-child --mount-proc \
	python3 pilot3/pilot.py -a "$directory" --pilot-user generic -w generic "$@" -q "$queue" -j user -v 1 -l 3600 -d -t \
	--queuedata-url "$own/cache/schedconfig/{pandaqueue}.all.json" --storagedata-url "$own/cache/ddmendpoints.json" \
	--output-dir "$directory/out" --use-rucio-traces False --cleanup False > "$directory/output" 2>&1
