"""Kazoo's recipes, between two or more clients each."""

import threading
from datetime import timedelta

from kazoo.recipe.cache import TreeCache

from harness import check, check_equal, client, eventually, in_thread, PATIENCE


def locks(one, two, top):
    first, second = one.Lock(top + "/lock", "one"), two.Lock(top + "/lock", "two")
    check(first.acquire(timeout=PATIENCE), "Lock: acquire")
    check(not second.acquire(blocking=False), "a held lock is not acquired")
    check_equal(second.contenders(), ["one"], "its contenders are known")
    waiter = in_thread(lambda: second.acquire(timeout=PATIENCE))
    check(eventually(lambda: first.contenders() == ["one", "two"]), "a second one waits")
    first.release()
    waiter.join(PATIENCE)
    check(second.is_acquired, "and acquires it when it is released")
    second.release()
    readers = [zk.ReadLock(top + "/rw", "reader") for zk in (one, two)]
    check(all(reader.acquire(timeout=PATIENCE) for reader in readers), "ReadLock: two readers")
    writer = two.WriteLock(top + "/rw", "writer")
    check(not writer.acquire(blocking=False), "WriteLock: not beside readers")
    writing = in_thread(lambda: writer.acquire(timeout=PATIENCE))
    for reader in readers:
        reader.release()
    writing.join(PATIENCE)
    check(writer.is_acquired, "WriteLock: after the readers")
    check(not one.ReadLock(top + "/rw").acquire(blocking=False), "ReadLock: not beside a writer")
    writer.release()


def semaphore(one, two, top):
    leases = [zk.Semaphore(top + "/semaphore", max_leases=2) for zk in (one, two, two)]
    check(leases[0].acquire(timeout=PATIENCE) and leases[1].acquire(timeout=PATIENCE), "Semaphore: two leases")
    check(not leases[2].acquire(blocking=False), "and no third")
    leases[0].release()
    check(leases[2].acquire(timeout=PATIENCE), "until one comes back")
    for lease in leases[1:]:
        lease.release()


def election(one, two, top):
    """Whoever is elected stays so until its function ends; never two at once."""
    order, resign = [], {"one": threading.Event(), "two": threading.Event()}

    def lead(name):
        order.append(name)
        resign[name].wait(PATIENCE)
        order.append(name + " resigns")

    candidates = {"one": one.Election(top + "/election", "one"), "two": two.Election(top + "/election", "two")}
    runs = [in_thread(lambda: candidates["one"].run(lead, "one"))]
    check(eventually(lambda: order == ["one"]), "Election: the first candidate leads")
    runs.append(in_thread(lambda: candidates["two"].run(lead, "two")))
    check(eventually(lambda: candidates["two"].contenders() == ["one", "two"]), "the second is a candidate")
    resign["one"].set()
    check(eventually(lambda: order == ["one", "one resigns", "two"]), "and leads afterwards", str(order))
    resign["two"].set()
    for run_ in runs:
        run_.join(PATIENCE)


def queues(one, two, top):
    queue = one.Queue(top + "/queue")
    for value, priority in ((b"late", 200), (b"a", 100), (b"b", 100), (b"early", 1)):
        queue.put(value, priority)
    other = two.Queue(top + "/queue")
    two.sync(top)
    check_equal(len(other), 4, "Queue: its length")
    check_equal([other.get() for _ in range(5)], [b"early", b"a", b"b", b"late", None], "and its order")
    locking = one.LockingQueue(top + "/locking")
    locking.put_all([b"x", b"y"], 100)
    locking.put(b"first", 1)
    taker = two.LockingQueue(top + "/locking")
    two.sync(top)
    check_equal(taker.get(PATIENCE), b"first", "LockingQueue: an entry")
    check(taker.holds_lock(), "which is locked")
    check_equal(locking.get(PATIENCE), b"x", "another gets the next one")
    check(taker.consume() and locking.consume(), "both are consumed")
    check_equal(taker.get(PATIENCE), b"y", "the last one")
    check(taker.release(), "is released")
    check_equal(locking.get(PATIENCE), b"y", "and goes to the other")
    check(locking.consume(), "who consumes it")
    two.sync(top)
    check_equal(len(taker), 0, "LockingQueue: nothing is left")


def counter(one, two, top):
    counters = [zk.Counter(top + "/counter") for zk in (one, two)]

    def count(which):
        for _ in range(20):
            counters[which] += 1

    runs = [in_thread(lambda: count(0)), in_thread(lambda: count(1))]
    for run_ in runs:
        run_.join(PATIENCE)
    one.sync(top)
    check_equal(counters[0].value, 40, "Counter: forty times one")
    counters[0] -= 15
    check_equal(counters[0].value, 25, "and back")


def barriers(one, two, top):
    barrier = one.Barrier(top + "/barrier")
    barrier.create()
    passed = []
    two.sync(top)
    waiter = in_thread(lambda: passed.append(two.Barrier(top + "/barrier").wait(PATIENCE)))
    waiter.join(0.2)
    check_equal(passed, [], "Barrier: it holds")
    barrier.remove()
    waiter.join(PATIENCE)
    check_equal(passed, [True], "and opens")
    inside, left = [], []

    def both(zk, name):
        double = zk.DoubleBarrier(top + "/double", 2, name)
        double.enter()
        inside.append(name)
        eventually(lambda: len(inside) == 2)
        double.leave()
        left.append(name)

    runs = [in_thread(lambda: both(one, "one"))]
    runs[0].join(0.2)
    check_equal(inside, [], "DoubleBarrier: one alone does not enter")
    runs.append(in_thread(lambda: both(two, "two")))
    for run_ in runs:
        run_.join(PATIENCE)
    check_equal((sorted(inside), sorted(left)), (["one", "two"], ["one", "two"]), "two enter and leave together")


def parties(one, two, top):
    for kind in ("Party", "ShallowParty"):
        parties_ = [getattr(zk, kind)(top + "/" + kind, name) for zk, name in ((one, "one"), (two, "two"))]
        for party in parties_:
            party.join()
        one.sync(top)
        check_equal(sorted(parties_[0]), ["one", "two"], kind + ": who is there")
        parties_[1].leave()
        one.sync(top)
        check_equal((list(parties_[0]), len(parties_[0])), (["one"], 1), "who stays")
        parties_[0].leave()


def leases(one, two, top):
    lease = one.NonBlockingLease(top + "/lease", timedelta(seconds=30), identifier="one")
    check(bool(lease), "NonBlockingLease: the first gets it")
    two.sync(top)
    other = two.NonBlockingLease(top + "/lease", timedelta(seconds=30), identifier="two")
    check(not other, "the second does not")


def watches(one, two, top):
    values, children = [], []
    one.DataWatch(top + "/watched", lambda data, stat: values.append(data))
    two.create(top + "/watched", b"1")
    check(eventually(lambda: values == [None, b"1"]), "DataWatch: a znode comes", str(values))
    two.set(top + "/watched", b"2")
    check(eventually(lambda: values == [None, b"1", b"2"]), "DataWatch: and changes", str(values))
    one.ChildrenWatch(top + "/watched", lambda names: children.append(sorted(names)))
    two.create(top + "/watched/x")
    check(eventually(lambda: children == [[], ["x"]]), "ChildrenWatch: a child comes", str(children))
    cache = TreeCache(one, top + "/watched")
    cache.start()
    check(eventually(lambda: cache.get_children(top + "/watched") == frozenset(["x"])), "TreeCache: sees it")
    two.create(top + "/watched/x/y", b"deep")
    deep = top + "/watched/x/y"
    seen = eventually(lambda: cache.get_data(deep) and cache.get_data(deep).data == b"deep")
    check(seen, "TreeCache: and what comes")
    cache.close()
    two.delete(top + "/watched", recursive=True)
    check(eventually(lambda: values[-1] is None), "DataWatch: and goes", str(values))


def run(servers, top):
    one, two = client(servers), client(servers)
    one.create(top)
    two.sync(top)
    for recipe in (
        locks,
        semaphore,
        election,
        queues,
        counter,
        barriers,
        parties,
        leases,
        watches,
    ):
        recipe(one, two, top)
    one.delete(top, recursive=True)
    for zk in (one, two):
        check(not zk.was_lost, "no session was lost")
        zk.leave()
