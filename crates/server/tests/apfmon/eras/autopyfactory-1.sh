# AutoPyFactory 1.x: registers at its start, tells pilots and messages at the end of each cycle. What follows data= is not
# encoded, so names with & and + arrive as they are.
set -eu
tell() { curl --silent --fail --connect-timeout 5 --max-time 10 "$@" > answer; }
tell --data "factoryId=era1&factoryOwner=Ops&baseLogDirUrl=http://logs.example/era1&versionTag=1.3.4&monitorURL=$BASE/mon/&factoryAdminEmail=ops@example.org" "$BASE/mon/h/"
tell --data-binary 'data=[["1001.0", "ANALY_ONE", "era1", "one+two&three"], ["1001.1", "ANALY_ONE", "era1", "one+two&three"]]' "$BASE/mon/c/"
tell --data-binary 'cycle=17&data=[["ANALY_ONE", "era1", "one+two&three", "2 activated jobs, 0 inactive pilots & depth 2"]]' "$BASE/mon/m/"
