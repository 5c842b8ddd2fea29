# Cron jobs on the host of a factory: ends from the history of HTCondor, counted errors, and the totals of its queue.
set -eu
tell() { curl --silent --fail "$@" > answer; }
for job in 2001.0,4 2001.1,3 2001.2,4; do
    case ${job#*,} in
        3) state=fault ;;
        4) state=done ;;
    esac
    tell --data state=$state "$BASE/api/jobs/era2:${job%,*}"
done
tell --data error=GLOBUS_FTP --data count=12 "$BASE/api/labels/era2:ANALY_TWO-4711"
tell --data-urlencode 'status=3 jobs, 0 completed, 1 removed, 1 idle, 1 running, 0 held' "$BASE/api/factories/era2"
