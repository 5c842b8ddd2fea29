# AutoPyFactory 2.x: JSON that is sent as a form. The list of labels must be one, else a queue never reports.
set -eu
tell() { curl --silent --fail "$@" > answer; }
tell --request PUT --data '{"url": "http://logs.example/era2", "version": "2.4.9", "email": "ops@example.org", "type": "AutoPyFactory"}' "$BASE/api/factories/era2"
tell "$BASE/api/labels?factory=era2"
grep -q '^\[\]$' answer
tell --request PUT --data '[{"name": "ANALY_TWO-4711", "factory": "era2", "wmsqueue": "", "batchqueue": "", "localqueue": "", "resource": ""}]' "$BASE/api/labels"
tell --request PUT --data '[{"cid": "2001.0", "factory": "era2", "label": "ANALY_TWO-4711"}, {"cid": "2001.1", "factory": "era2", "label": "ANALY_TWO-4711"}, {"cid": "2001.2", "factory": "era2", "label": "ANALY_TWO-4711"}]' "$BASE/api/jobs"
tell --data-urlencode 'status=Ready:in=None,activated=3,offset=0,pending=0,ret=3;MaxPending:in=3,pending=0,maxpending=9,ret=3' "$BASE/api/labels/era2:ANALY_TWO-4711"
tell "$BASE/api/labels?factory=era2"
grep -q '"name": "ANALY_TWO-4711"' answer
