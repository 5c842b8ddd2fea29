here=$PWD
scratch=$here/pilotage.scratch
own=$here/pilotage.curl
status=0
payload=
watcher=
self=$here/${0##*/}

# The token stays out of argv, which other users of the node can read.
(umask 077; printf 'header = "%s"\nsilent\nshow-error\nfail\nconnect-timeout = 20\nretry = 3\n' "$header" > "$own")

fetch() { # URL FILE: other servers do not get our header
	curl -sSfL --connect-timeout 20 --retry 3 -o "$2" -- "$1"
}

put() { # FILE PATH-AND-QUERY
	curl -K "$own" ${X509_CERT_DIR:+--capath "$X509_CERT_DIR"} -o /dev/null -T "$1" "$url/$2" 2>> "$here/pilotage.upload"
}

trouble() { # NUMBER TEXT: kept by newer pilots from the file, by our server from the last line of standard error
	[ -e "$here/payload_error_report.json" ] && return
	printf '\npilotage-script: error %s: %s\n' "$1" "$2" >&2
	words=$(printf '%s' "$2" | tr -d '\\"' | tr '\n\t' '  ')
	printf '{"error_code": %s, "error_diag": "%s"}\n' "$1" "$words" > "$here/payload_error_report.json"
	[ "$status" -ne 0 ] || status=1
}

upload_log() { # DESCRIPTOR NAME COMPLETE: what the pilot captured in a file and was not sent yet
	log=/proc/$$/fd/$1
	[ -f "$log" ] || return 0
	size=$(wc -c < "$log")
	offset=$(cat "$here/pilotage.$2" 2> /dev/null || echo 0)
	while [ "$offset" -lt "$size" ] || [ "$3" = true ]; do
		complete=false
		[ $((offset + 1048576)) -lt "$size" ] || complete=$3
		tail -c +$((offset + 1)) "$log" | head -c 1048576 > "$here/pilotage.chunk"
		put "$here/pilotage.chunk" "logs/$2?offset=$offset&complete=$complete" || return 1
		offset=$((offset + $(wc -c < "$here/pilotage.chunk")))
		echo $offset > "$here/pilotage.$2"
		[ "$complete" = false ] || return 0
	done
}

is_over() { # the server does not know an attempt any more that was killed or lost
	code=$(curl -sS --connect-timeout 10 --max-time 20 -o /dev/null -I -w '%{http_code}' -- "$alive" 2> /dev/null)
	[ "$code" = 404 ]
}

# The pilot asks every half an hour whether the job is still wanted, and sends no output: do both more often.
watch() {
	nap=
	trap 'kill $nap 2> /dev/null; exit' TERM
	: > "$here/pilotage.watching"
	while :; do
		sleep "$period_s" &
		nap=$!
		wait $nap
		is_over && { kill "$payload"; exit; }
		upload_log 1 stdout false
		upload_log 2 stderr false
	done
}

# A signal that comes between the start of a subshell and its trap is lost, and a short payload ends that soon.
watcher_hears() {
	patience=5
	until [ -e "$here/pilotage.watching" ] || [ $patience -eq 0 ]; do
		sleep 1
		patience=$((patience - 1))
	done
}

leave() {
	cd "$here" || exit 1
	[ -z "$watcher" ] || { watcher_hears; kill "$watcher"; wait "$watcher"; } 2> /dev/null
	upload_log 1 stdout true
	upload_log 2 stderr true
	rm -rf "$scratch" "$own" "$here/pilotage.chunk" "$here/pilotage.stdout" "$here/pilotage.stderr" "$here/pilotage.upload" \
		"$here/pilotage.watching"
	exit "$status"
}

unpack() { # NAME BASE64
	printf '%s' "$2" | base64 -d > "./$1" && chmod 700 "./$1" || { trouble 1143 "cannot write $1"; leave; }
}

bring_program() { # NAME URL
	fetch "$2" "./$1" && chmod 700 "./$1" || { trouble 1149 "cannot fetch $2"; leave; }
}

bring() { # NAME SOURCE
	case $1 in */*) mkdir -p "./${1%/*}" ;; esac
	case $2 in
	http://* | https://*) fetch "$2" "./$1" ;;
	*) cp -- "$2" "./$1" ;;
	esac || { trouble 1099 "cannot bring input $1 from $2"; leave; }
}

take() { # NAME TARGET ENCODED-NAME; an empty target is our server
	[ $status -eq 0 ] || return 0
	[ -f "./$1" ] || { trouble 1165 "output $1 is missing"; return; }
	case $2 in
	'') put "./$1" "outputs/$3" ;;
	http://* | https://*) curl -sSf --connect-timeout 20 --retry 3 -o /dev/null -T "./$1" -- "$2" ;;
	*) cp -- "./$1" "$2" ;;
	esac || trouble 1137 "cannot take output $1 to ${2:-the server}"
}

# The pilot ends a job by TERM and waits some seconds: enough to send what was written.
trap 'status=143; [ -z "$payload" ] || kill "$payload"; leave' TERM

run_payload() {
	began=$(date +%s)
	if command -v timeout > /dev/null; then # it passes TERM on to all that the payload started; 0 is no limit
		timeout -k 10 "$wall_time_s" /bin/sh "$self" --payload &
	else
		/bin/sh "$self" --payload &
	fi
	payload=$!
	watch &
	watcher=$!
	wait $payload
	status=$?
	payload=
	spent=$(($(date +%s) - began))
	case $status in
	124 | 137) [ "$wall_time_s" -eq 0 ] || [ $spent -lt "$wall_time_s" ] || trouble 1213 "ran longer than $wall_time_s s" ;;
	esac
}

mkdir -p "$scratch" && cd "$scratch" || { trouble 1199 "cannot make $scratch"; leave; }
