# The wrapper runpilot3: POSTs, each once, answers are not looked at.
APFMON="$BASE/api" APFFID=era2
tell() { curl --insecure --silent --connect-timeout 10 --max-time 20 "$@" > answer; }
for APFCID in 2001.0 2001.1; do
    tell --data state=running --data wrapper=20160601-rc1 "${APFMON}/jobs/${APFFID}:${APFCID}"
done
tell --data state=exiting --data rc=0 --data ids=42,43 "${APFMON}/jobs/${APFFID}:2001.0"
tell --data state=fault --data rc=64 "${APFMON}/jobs/${APFFID}:2001.1"
