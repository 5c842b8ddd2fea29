# The calls of Harvester 0.7.5, as its client for APFmon (pandaharvester/harvestermisc/apfmon.py) sends them: recorded from
# it by harvester.py. JSON comes without a content type; a state that it has no word for is an empty body in chunks.
set -eu
mark="User-Agent: python-requests/2.34.2"
put() { curl --silent --fail --header "$mark" --header "Content-Type:" --request PUT --data "$2" "$BASE_URL/$1"; }
say() { curl --silent --fail --header "$mark" --header "Content-Type:" --data "$2" "$BASE_URL/$1"; }
form() { curl --silent --fail --header "$mark" --data "$2" "$BASE_URL/$1"; }
worker() {
	printf '{"cid": "%s.0", "factory": "CERN_central_A", "harvesterid": "CERN_central_A", "workerid": 900%s, "computingsite": "CERN-PROD_UCORE", "computingelement": "ce501", "label": "CERN-PROD_UCORE-ce501", "jdlurl": "", "stdouturl": "https://logs.example/%s.out", "stderrurl": "https://logs.example/%s.err", "logurl": "https://logs.example/%s.log"}' "$1" "$2" "$2" "$2" "$2"
}
put factories/CERN_central_A '{"url": "url_to_logs", "email": "atlas-adc-harvester-central-support@cern.ch", "version": "0.7.5"}'
put labels '[{"name": "CERN-PROD_UCORE-ce501", "wmsqueue": "CERN-PROD_UCORE", "ce_queue_id": 4711, "factory": "CERN_central_A"}]'
put jobs "[$(worker 1234 0), $(worker 1235 1), $(worker 1236 2)]"
say labels/CERN_central_A:CERN-PROD_UCORE-ce501 '{"status": "3 workers submitted", "data": {"managed": {"SCORE": {"PR": {"nReady": 3, "nRunning": 1, "nQueue": 2}}}, "ANY": {"ANY": {"ANY": {"nReady": 3, "nRunning": 1, "nQueue": 2}}}}}'
form jobs/CERN_central_A:1234.0 state=running
form jobs/CERN_central_A:1235.0 state=running
form jobs/CERN_central_A:1235.0 state=done\&ids=6001%2C6002
form jobs/CERN_central_A:1236.0 state=fault
curl --silent --fail --header "$mark" --header "Transfer-Encoding: chunked" --data "" "$BASE_URL/jobs/CERN_central_A:1234.0"
