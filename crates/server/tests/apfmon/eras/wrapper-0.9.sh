# The wrapper of that time: GETs that fail the batch job for 90 seconds when they are refused.
set -eu
tell() { curl --silent --fail --connect-timeout 10 --max-time 20 "$@" > answer; }
tell "$BASE/mon/rn/era1/1001.0/"
tell "$BASE/mon/rn/era1/1001.1/"
tell "$BASE/mon/ex/era1/1001.0/0"
tell "$BASE/mon/ex/era1/1001.1/20"
