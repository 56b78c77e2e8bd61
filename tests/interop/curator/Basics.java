import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Stat;

/** Curator's plain calls: znodes of every kind, data, access, transactions, watches, what it knows of the ensemble. */
final class Basics {
    private static final byte[] none = {};

    private Basics() {}

    private static void creating(Harness.Client client, String top) throws Exception {
        CuratorFramework curator = client.curator();
        Stat stat = new Stat();
        curator.create().creatingParentContainersIfNeeded().forPath(top + "/parent/child", "x".getBytes());
        Harness.checkEqual(curator.checkExists().forPath(top + "/parent").getEphemeralOwner(), 0L, "parents");
        String path = curator.create().storingStatIn(stat).withMode(CreateMode.EPHEMERAL).forPath(top + "/e", none);
        Harness.checkEqual(path, top + "/e", "create");
        Harness.checkEqual(stat.getEphemeralOwner(), client.session(), "an ephemeral belongs to the session");
        Harness.checkThrows(KeeperException.NodeExistsException.class, "a second create is refused",
                () -> curator.create().forPath(top + "/e"));
        Harness.checkThrows(KeeperException.NoChildrenForEphemeralsException.class, "it has no children",
                () -> curator.create().forPath(top + "/e/x"));
        String sequential = curator.create().withMode(CreateMode.PERSISTENT_SEQUENTIAL).forPath(top + "/s-", none);
        Harness.checkEqual(sequential, top + "/s-0000000002", "a sequential znode counts its siblings");
        String protectedPath = curator.create().withProtection()
                .withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath(top + "/p-", none);
        Harness.check(protectedPath.startsWith(top + "/_c_") && protectedPath.endsWith("p-0000000003"),
                "a protected one", protectedPath);
        curator.create().storingStatIn(stat).withMode(CreateMode.CONTAINER).forPath(top + "/container", none);
        Harness.checkEqual(stat.getEphemeralOwner(), 0L, "a container");
        curator.create().withTtl(60_000).storingStatIn(stat)
                .withMode(CreateMode.PERSISTENT_WITH_TTL).forPath(top + "/ttl", none);
        Harness.checkEqual(stat.getEphemeralOwner(), 0L, "a znode with a time to live");
        Harness.checkEqual(curator.create().withTtl(60_000).withMode(CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL)
                .forPath(top + "/t-", none), top + "/t-0000000006", "a sequential one");
        Harness.checkEqual(curator.getChildren().forPath(top).size(), 7, "the children");
    }

    private static void data(CuratorFramework curator, String top) throws Exception {
        Stat stat = curator.setData().withVersion(0).forPath(top, "second".getBytes());
        Harness.checkEqual(stat.getVersion(), 1, "setData");
        Harness.checkThrows(KeeperException.BadVersionException.class, "an old version is refused",
                () -> curator.setData().withVersion(0).forPath(top, none));
        Stat read = new Stat();
        Harness.checkEqual(new String(curator.getData().storingStatIn(read).forPath(top)), "second", "getData");
        Harness.checkEqual(read, stat, "with the same Stat");
        Harness.checkEqual(curator.setData().compressed().forPath(top, new byte[5000]).getDataLength() < 100, true,
                "compressed data");
        Harness.checkEqual(curator.getData().decompressed().forPath(top).length, 5000, "comes back");
        Harness.checkThrows(KeeperException.NotEmptyException.class, "a znode with children is not deleted",
                () -> curator.delete().forPath(top));
        Harness.checkThrows(KeeperException.NoNodeException.class, "what is not there is not read",
                () -> curator.getData().forPath(top + "/nothing"));
        curator.delete().guaranteed().deletingChildrenIfNeeded().forPath(top + "/parent");
        Harness.checkEqual(curator.checkExists().forPath(top + "/parent"), null, "delete with the children");
    }

    private static void transactions(CuratorFramework curator, String top) throws Exception {
        List<CuratorTransactionResult> results = curator.transaction().forOperations(
                curator.transactionOp().create().forPath(top + "/tx", "1".getBytes()),
                curator.transactionOp().create().withMode(CreateMode.CONTAINER).forPath(top + "/tx/c", none),
                curator.transactionOp().create().withMode(CreateMode.EPHEMERAL_SEQUENTIAL)
                        .forPath(top + "/tx/e-", none),
                curator.transactionOp().create().withTtl(60_000).withMode(CreateMode.PERSISTENT_WITH_TTL)
                        .forPath(top + "/tx/t", none),
                curator.transactionOp().check().withVersion(0).forPath(top + "/tx"),
                curator.transactionOp().setData().withVersion(0).forPath(top + "/tx", "2".getBytes()),
                curator.transactionOp().delete().forPath(top + "/tx/c"));
        Harness.checkEqual(results.size(), 7, "a transaction");
        Harness.checkEqual(results.get(2).getResultPath(), top + "/tx/e-0000000001", "makes sequential znodes");
        Harness.checkEqual(results.get(5).getResultStat().getVersion(), 1, "and sets data");
        try {
            curator.transaction().forOperations(
                    curator.transactionOp().setData().forPath(top + "/tx", "never".getBytes()),
                    curator.transactionOp().check().withVersion(9).forPath(top + "/tx"),
                    curator.transactionOp().delete().forPath(top + "/tx/t"));
            Harness.check(false, "a transaction that fails throws");
        } catch (KeeperException.BadVersionException error) {
            List<Integer> codes = new ArrayList<>();
            error.getResults().forEach(result -> codes.add(((OpResult.ErrorResult) result).getErr()));
            Harness.checkEqual(codes, List.of(0, -103, -2), "one that fails says where");
        }
        Harness.checkEqual(new String(curator.getData().forPath(top + "/tx")), "2", "and changes nothing");
    }

    private static void access(Harness.Client client, String servers, String top) throws Exception {
        CuratorFrameworkFactory.Builder builder = CuratorFrameworkFactory.builder()
                .connectString(servers).authorization("digest", "u:p".getBytes());
        try (Harness.Client user = Harness.Client.open(builder)) {
            user.sync();
            user.curator().create().withACL(ZooDefs.Ids.CREATOR_ALL_ACL).forPath(top + "/secret", "s".getBytes());
            List<ACL> list = user.curator().getACL().forPath(top + "/secret");
            Harness.checkEqual(list.get(0).getId().getId(), "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=", "an access list");
            client.sync();
            Harness.checkThrows(KeeperException.NoAuthException.class, "a stranger does not read",
                    () -> client.curator().getData().forPath(top + "/secret"));
            user.curator().setACL().withVersion(0).withACL(ZooDefs.Ids.READ_ACL_UNSAFE).forPath(top + "/secret");
            client.sync();
            Harness.checkEqual(new String(client.curator().getData().forPath(top + "/secret")), "s", "now it reads");
            Harness.checkThrows(KeeperException.NoAuthException.class, "but does not write",
                    () -> client.curator().setData().forPath(top + "/secret", none));
        }
    }

    private static void watching(CuratorFramework curator, String top) throws Exception {
        List<WatchedEvent> events = new CopyOnWriteArrayList<>();
        curator.getData().usingWatcher((org.apache.zookeeper.Watcher) events::add).forPath(top);
        curator.setData().forPath(top, none);
        Harness.check(Harness.eventually(() -> events.size() == 1), "a watch fires");
        List<WatchedEvent> all = new CopyOnWriteArrayList<>();
        org.apache.zookeeper.Watcher watcher = all::add;
        curator.watchers().add().withMode(AddWatchMode.PERSISTENT_RECURSIVE).usingWatcher(watcher).forPath(top);
        curator.create().forPath(top + "/w", none);
        curator.create().forPath(top + "/w/x", none);
        curator.setData().forPath(top + "/w/x", none);
        curator.delete().forPath(top + "/w/x");
        curator.delete().forPath(top + "/w");
        Harness.check(Harness.eventually(() -> all.size() == 5), "a recursive watch sees all", all);
        Harness.check(all.stream().noneMatch(event -> event.getType() == EventType.NodeChildrenChanged),
                "but no change of children");
        curator.watchers().remove(watcher).forPath(top);
        Harness.check(Harness.eventually(() -> all.size() == 6), "and is told that it is removed", all);
        curator.setData().forPath(top, none);
        Harness.checkEqual(all.size(), 6, "after which it is silent");
    }

    /** Curator reads and watches /zookeeper/config wherever it connects, and goes where that says. */
    private static void ensemble(CuratorFramework curator, String servers) throws Exception {
        Harness.check(Harness.eventually(() -> curator.getCurrentConfig().getAllMembers().size() == 3),
                "the ensemble is known", curator.getCurrentConfig());
        TreeSet<String> addresses = new TreeSet<>();
        curator.getCurrentConfig().getAllMembers().values().forEach(server ->
                addresses.add("127.0.0.1:" + server.clientAddr.getPort()));
        Harness.checkEqual(addresses, new TreeSet<>(List.of(servers.split(","))), "with the addresses for clients");
        String connection = curator.getZookeeperClient().getCurrentConnectionString();
        Harness.checkEqual(new TreeSet<>(List.of(connection.split(","))), addresses, "to which it connects");
        Harness.checkEqual(new String(curator.getConfig().forEnsemble()).lines().count(), 4L, "getConfig");
    }

    private static void namespace(Harness.Client client, String top) throws Exception {
        CuratorFramework below = client.curator().usingNamespace(top.substring(1) + "/name/space");
        below.create().creatingParentsIfNeeded().forPath("/a/b", "x".getBytes());
        Harness.checkEqual(new String(client.curator().getData().forPath(top + "/name/space/a/b")), "x", "a namespace");
    }

    static void run(String servers, String top) throws Exception {
        try (Harness.Client client = Harness.Client.open(servers)) {
            CuratorFramework curator = client.curator();
            curator.create().forPath(top, "first".getBytes());
            creating(client, top);
            data(curator, top);
            transactions(curator, top);
            access(client, servers, top);
            watching(curator, top);
            ensemble(curator, servers);
            namespace(client, top);
            curator.delete().deletingChildrenIfNeeded().forPath(top);
            Harness.check(!client.wasLost(), "the session was never lost");
        }
    }
}
