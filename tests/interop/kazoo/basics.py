"""Kazoo's plain calls: znodes, data, access lists, transactions, words, chroot, and what is too large."""

from kazoo.exceptions import (
    BadVersionError,
    ConnectionLoss,
    InvalidACLError,
    NoAuthError,
    NoChildrenForEphemeralsError,
    NodeExistsError,
    NoNodeError,
    NotEmptyError,
    RolledBackError,
    RuntimeInconsistency,
)
from kazoo.security import make_acl, make_digest_acl

from harness import check, check_equal, check_raises, client, eventually


def znodes(zk, top):
    check_equal(zk.create(top, b"first", makepath=True), top, "create")
    check_raises(NodeExistsError, "a second create is refused", zk.create, top)
    check_raises(NoNodeError, "a create without a parent is refused", zk.create, top + "/a/b")
    check_equal(zk.create(top + "/a/b/c", b"", makepath=True), top + "/a/b/c", "create with its parents")
    path, stat = zk.create(top + "/e", b"mine", ephemeral=True, include_data=True)
    check_equal(stat.ephemeralOwner, zk.client_id[0], "an ephemeral belongs to the session")
    check_raises(NoChildrenForEphemeralsError, "and has no children", zk.create, path + "/x")
    check_equal(zk.create(top + "/s-", sequence=True), top + "/s-0000000002", "a sequential znode counts its siblings")
    check_equal(zk.create(top + "/", sequence=True), top + "/0000000003", "also without a name")
    check_equal(sorted(zk.get_children(top)), ["0000000003", "a", "e", "s-0000000002"], "the children")
    children, stat = zk.get_children(top, include_data=True)
    check_equal((len(children), stat.numChildren, stat.cversion), (4, 4, 4), "the children with the Stat")
    check_raises(NotEmptyError, "a znode with children is not deleted", zk.delete, top + "/a")
    zk.delete(top + "/a", recursive=True)
    check(zk.exists(top + "/a") is None, "all of it is deleted when it is asked for")


def data(zk, top):
    value, stat = zk.get(top)
    check_equal((value, stat.version, stat.dataLength), (b"first", 0, 5), "get")
    after = zk.set(top, b"second", version=0)
    check_equal((after.version, after.czxid, after.mzxid > stat.mzxid), (1, stat.czxid, True), "set")
    check_raises(BadVersionError, "a set with an old version is refused", zk.set, top, b"x", version=0)
    check_equal(zk.set(top, b"").dataLength, 0, "empty data")
    check_equal(zk.get(top)[0], b"", "comes back empty")
    check_raises(NoNodeError, "a get of nothing is refused", zk.get, top + "/nothing")
    check_equal(zk.sync(top), top, "sync")
    large = b"x" * 1_000_000
    zk.set(top, large)
    check(zk.get(top)[0] == large, "a million bytes come back")


def access(zk, servers, top):
    secret = top + "/secret"
    zk.create(secret, b"s", acl=[make_digest_acl("u", "p", all=True)])
    check_raises(NoAuthError, "a stranger does not read", zk.get, secret)
    creator = [make_acl("auth", "", all=True)]
    check_raises(InvalidACLError, "without credentials there is no creator", zk.create, top + "/x", acl=creator)
    user = client(servers, auth_data=[("digest", "u:p")])
    check_equal(user.get(secret)[0], b"s", "the user reads")
    acls, stat = user.get_acls(secret)
    check_equal((acls[0].id.scheme, acls[0].id.id), ("digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="), "and sees the list")
    stat = user.set_acls(secret, [*creator, make_acl("world", "anyone", read=True)])
    check_equal(stat.aversion, 1, "and changes it")
    check_raises(BadVersionError, "not with an old version", user.set_acls, secret, acls, version=0)
    zk.sync(secret)
    check_equal(zk.get(secret)[0], b"s", "now a stranger reads")
    check_raises(NoAuthError, "but does not write", zk.set, secret, b"t")
    zk.add_auth("digest", "u:p")
    check_equal(zk.set(secret, b"t").version, 1, "until it says who it is")
    user.leave()


def transactions(zk, top):
    work = zk.transaction()
    work.create(top + "/t", b"1")
    work.create(top + "/t/e-", b"", ephemeral=True, sequence=True)
    work.check(top + "/t", 0)
    work.set_data(top + "/t", b"2")
    made, sequential, checked, stat = work.commit()
    results = (made, sequential, checked, stat.version)
    check_equal(results, (top + "/t", top + "/t/e-0000000000", True, 1), "a transaction")
    work = zk.transaction()
    work.set_data(top + "/t", b"never")
    work.check(top + "/t", 9)
    work.delete(top + "/t/e-0000000000")
    kinds = [type(result) for result in work.commit()]
    check_equal(kinds, [RolledBackError, BadVersionError, RuntimeInconsistency], "one that fails says where")
    check_equal(zk.get(top + "/t")[0], b"2", "and changes nothing")
    with zk.transaction() as work:
        work.delete(top + "/t/e-0000000000")
        work.delete(top + "/t")
    check(zk.exists(top + "/t") is None, "a transaction in a with statement")


def words(zk):
    check_equal(zk.command(b"ruok"), "imok", "ruok")
    check_equal(zk.command(b"isro"), "rw", "isro")
    check("Mode: " in zk.command(b"srvr"), "srvr")
    check("zk_server_state" in zk.command(b"mntr"), "mntr")
    check("sid=0x%x" % zk.client_id[0] in zk.command(b"cons"), "cons names this session")
    check(zk.server_version() >= (3, 4), "the version can be read", str(zk.server_version()))


def chroot(zk, servers, top):
    below = client(servers + top + "/root")
    below.ensure_path("/")
    check_equal(below.create("/x/y", b"z", makepath=True), "/x/y", "create below a chroot")
    seen = []
    check_equal(below.exists("/x/new", watch=seen.append), None, "a watch below a chroot")
    zk.sync(top)
    check_equal(zk.get(top + "/root/x/y")[0], b"z", "is a create below its path")
    zk.create(top + "/root/x/new")
    check(eventually(lambda: seen and seen[0].path == "/x/new"), "fires with the path as it was given")
    below.leave()


def too_large(servers, top):
    """Two megabytes are more than a request may have: the server ends the connection, and that is all."""
    zk = client(servers)
    session = zk.client_id
    large = b"x" * 2_097_152
    check_raises(ConnectionLoss, "two megabytes are refused by a lost connection", zk.create, top + "/large", large)
    check(eventually(lambda: zk.connected), "the client connects again")
    check_equal(zk.client_id, session, "in its session")
    check(not zk.was_lost, "which was never lost")
    check(zk.exists(top + "/large") is None, "and there is no such znode")
    zk.leave()


def run(servers, top):
    zk = client(servers)
    znodes(zk, top)
    data(zk, top)
    access(zk, servers, top)
    transactions(zk, top)
    words(zk)
    chroot(zk, servers, top)
    too_large(servers, top)
    zk.delete(top, recursive=True)
    zk.leave()
