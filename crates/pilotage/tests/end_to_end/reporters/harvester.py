"""Has Harvester's own client for APFmon, unmodified, tell the life of three workers.

python3 harvester.py SOURCES HOME: SOURCES is a checkout of Harvester, HOME a folder with etc/panda/panda_harvester.cfg,
which names the server as docs/apfmon.md says. Needs the packages requests, panda-common, pycryptodomex and rpyc.
The queues come from here and not from Harvester's database; everything else is Harvester's.
"""

import os
import sys
import types

SITE = "CERN-PROD_UCORE"
CE = "ce501.cern.ch:9619"

sources, home = sys.argv[1:3]
os.environ["PANDA_HOME"] = home
sys.path.insert(0, sources)
import pandacommon  # noqa: E402

# Where the packages of panda-common are that Harvester imports by their old names.
sys.path.insert(0, os.path.dirname(pandacommon.__file__))
queues = types.ModuleType("pandaharvester.harvestermisc.info_utils")
queues.PandaQueuesDict = lambda: {SITE: {"queues": [{"ce_endpoint": CE, "ce_queue_id": 4711}]}}
sys.modules[queues.__name__] = queues

from pandaharvester.harvestermisc.apfmon import Apfmon  # noqa: E402, I001: its modules need this order
from pandaharvester.harvestercore.work_spec import WorkSpec  # noqa: E402


class Queues:
    """What the client asks Harvester's configuration of queues."""

    queueConfig = {SITE: types.SimpleNamespace(submitter={})}

    def get_active_queues(self):
        return self.queueConfig


def worker(number):
    spec = WorkSpec()
    spec.workerID, spec.batchID = 9000 + number, f"{1234 + number}.0"
    spec.computingSite, spec.computingElement = SITE, CE
    logs = f"https://logs.example/{number}"
    spec.workAttributes = {"stdOut": f"{logs}.out", "stdErr": f"{logs}.err", "batchLog": f"{logs}.log"}
    return spec


client = Apfmon(Queues())
client.create_factory()
client.create_labels()
workers = [worker(number) for number in range(3)]
client.create_workers(workers)
client.update_label(SITE, "3 workers submitted", {"managed": {"SCORE": {"PR": {"nReady": 3, "nRunning": 1, "nQueue": 2}}}})
client.update_worker(workers[0], "running")
client.update_worker(workers[1], "running")
workers[1].pandaid_list = [6001, 6002]
client.update_worker(workers[1], "finished")
client.update_worker(workers[2], "cancelled")
client.update_worker(workers[0], "ready")
