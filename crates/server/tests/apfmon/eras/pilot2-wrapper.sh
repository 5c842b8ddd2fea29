# The wrapper of pilot2: other words for the same states, and more about itself.
APFMON="$BASE/api" APFFID=era2 APFCID=2001.2 UUID=0d1f
tell() { curl --insecure --silent --connect-timeout 10 --max-time 20 "$@" > answer; }
tell --data uuid=$UUID --data qarg=ANALY_TWO --data state=wrapperrunning --data wrapper=20211201a --data gtag=http://logs.example/2001.2.out \
    --data resource=ANALY_TWO --data hid= --data hwid= "${APFMON}/jobs/${APFFID}:${APFCID}"
tell --data ids=44 --data state=wrapperexiting --data rc=0 --data uuid=$UUID --data duration=341 "${APFMON}/jobs/${APFFID}:${APFCID}"
