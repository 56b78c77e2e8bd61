"""The program of kazoo, ZooKeeper's client in Python; its argument is where the servers are."""

import logging
import sys
import traceback

import kazoo

import basics
import failover
import recipes
from harness import check, failed

logging.basicConfig(level=logging.CRITICAL)
servers = sys.argv[1]
print("version " + kazoo.__version__)
for part in (basics, recipes, failover):
    try:
        part.run(servers, "/interop-kazoo-" + part.__name__)
    except Exception as error:
        traceback.print_exc()
        check(False, part.__name__, repr(error))
sys.exit(1 if failed() else 0)
