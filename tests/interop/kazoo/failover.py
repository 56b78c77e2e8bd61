"""The death of servers, seen by kazoo: sessions that write, lead, lock and watch live through the end of the leader and
then of the server of one of them. Nothing that was acknowledged is lost, no session is, and never two hold the lock."""

import threading
import time

from kazoo.client import KazooState
from kazoo.exceptions import NodeExistsError, NoNodeError

from harness import check, check_equal, client, eventually, in_thread, please, PATIENCE

ROUND = 20


class Writer:
    """Creates one znode after the other; one whose answer was lost may be there when it is created again."""

    def __init__(self, servers, top, number):
        self.zk = client(servers)
        self.session = self.zk.client_id
        self.path = "%s/%d-" % (top, number)
        self.ephemeral = "%s/e%d" % (top, number)
        self.acknowledged = 0
        self.stop = False
        self.zk.ensure_path(top)
        self.zk.create(self.ephemeral, ephemeral=True)
        self.thread = in_thread(self._write)

    def _write(self):
        while not self.stop:
            try:
                self.zk.retry(self.zk.create, self.path + str(self.acknowledged))
            except NodeExistsError:
                pass
            self.acknowledged += 1
            time.sleep(0.002)

    def another_round(self):
        wanted = self.acknowledged + ROUND
        return eventually(lambda: self.acknowledged >= wanted or self.thread.error)

    def judge(self):
        self.stop = True
        self.thread.join(PATIENCE)
        check(self.thread.error is None, "writes never fail for good", repr(self.thread.error))
        lost = 0
        for number in range(self.acknowledged):
            try:
                self.zk.retry(self.zk.delete, self.path + str(number))
            except NoNodeError:
                lost += 1
        check_equal(lost, 0, "of %d acknowledged writes none is lost" % self.acknowledged)
        check_equal(self.zk.client_id, self.session, "the session is the one it was")
        check(not self.zk.was_lost, "and was never lost", str(self.zk.states))
        stat = self.zk.retry(self.zk.exists, self.ephemeral)
        check(stat is not None and stat.ephemeralOwner == self.session[0], "its ephemeral is there")


class Rivals:
    """Clients that hold the same lock in turn, and note when two think that they do while their connections stand."""

    def __init__(self, servers, top):
        self.clients = [client(servers) for _ in range(3)]
        self.stop = False
        self.holders = 0
        self.turns = 0
        self.clashes = 0
        self.guard = threading.Lock()
        self.threads = [in_thread(lambda zk=zk: self._compete(zk, top + "/lock")) for zk in self.clients]

    def _compete(self, zk, path):
        while not self.stop:
            lock = zk.Lock(path)
            with lock:
                with self.guard:
                    self.holders += 1
                    self.clashes += self.holders > 1
                time.sleep(0.01)
                with self.guard:
                    self.holders -= 1
                    self.turns += 1

    def another_round(self):
        wanted = self.turns + ROUND
        return eventually(lambda: self.turns >= wanted)

    def judge(self):
        self.stop = True
        for thread in self.threads:
            thread.join(PATIENCE)
        errors = [thread.error for thread in self.threads if thread.error]
        check(not errors, "locks never fail", str(errors))
        check_equal(self.clashes, 0, "in %d turns never two hold the lock" % self.turns)
        check(not any(zk.was_lost for zk in self.clients), "no rival loses its session")
        for zk in self.clients:
            zk.leave()


def run(servers, top):
    writers = [Writer(servers, top, number) for number in range(3)]
    rivals = Rivals(servers, top)
    values = []
    writers[0].zk.DataWatch(writers[1].ephemeral, lambda data, stat: values.append(data))

    def another_round(text):
        check(all(writer.another_round() for writer in writers), "writes go on " + text)
        check(rivals.another_round(), "locks go round " + text)

    another_round("at first")
    please("kill leader")
    another_round("without the leader")
    please("start")
    another_round("with a new one")
    please("kill %d" % writers[0].zk.port)
    another_round("without the server of one of them")
    please("start")
    check(KazooState.SUSPENDED in writers[0].zk.states, "one of them had to connect again")
    writers[1].zk.retry(writers[1].zk.set, writers[1].ephemeral, b"after")
    check(eventually(lambda: b"after" in values), "a DataWatch still tells", str(values))
    rivals.judge()
    for writer in writers:
        writer.judge()
        writer.zk.leave()
    late = client(servers)
    late.sync(top)
    late.delete(top, recursive=True)
    late.leave()
