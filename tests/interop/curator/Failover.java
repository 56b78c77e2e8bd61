import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;

/**
 * The death of servers, seen by Curator: three clients that write, lead, lock and cache live through the end of the
 * leader and then of the server of one of them. No session is lost, nothing acknowledged is, and never two lead or hold
 * a lock.
 */
final class Failover {
    private static final int ROUND = 15;
    private final String top;
    private final List<Harness.Client> clients = new ArrayList<>();
    private final List<Long> sessions = new ArrayList<>();
    private final List<LeaderLatch> latches = new ArrayList<>();
    private final List<PersistentNode> nodes = new ArrayList<>();
    private final List<FutureTask<Void>> tasks = new ArrayList<>();
    private final List<AtomicInteger> written = new ArrayList<>();
    private final AtomicInteger leaders = new AtomicInteger();
    private final AtomicInteger elections = new AtomicInteger();
    private final AtomicInteger holders = new AtomicInteger();
    private final AtomicInteger turns = new AtomicInteger();
    private final AtomicInteger clashes = new AtomicInteger();
    private volatile boolean stop;

    private Failover(String top) {
        this.top = top;
    }

    private void begin(String servers) throws Exception {
        for (int i = 0; i < 3; i++) {
            Harness.Client client = Harness.Client.open(servers);
            if (i == 0) client.curator().create().creatingParentsIfNeeded().forPath(top + "/cached", "0".getBytes());
            client.sync();
            clients.add(client);
            sessions.add(client.session());
            AtomicInteger count = new AtomicInteger();
            written.add(count);
            int number = i;
            tasks.add(Harness.beside(() -> write(client.curator(), number, count)));
            tasks.add(Harness.beside(() -> compete(client.curator())));
            String path = top + "/node" + i;
            nodes.add(new PersistentNode(client.curator(), CreateMode.EPHEMERAL, false, path, new byte[0]));
            nodes.get(i).start();
            latches.add(latch(client.curator(), "client " + i));
            latches.get(i).start();
        }
    }

    private LeaderLatch latch(CuratorFramework curator, String name) {
        LeaderLatch latch = new LeaderLatch(curator, top + "/latch", name);
        latch.addListener(new LeaderLatchListener() {
            @Override
            public void isLeader() {
                elections.incrementAndGet();
                if (leaders.incrementAndGet() > 1) clashes.incrementAndGet();
            }

            @Override
            public void notLeader() {
                leaders.decrementAndGet();
            }
        });
        return latch;
    }

    /** Creates one znode after the other; one whose answer was lost may be there when it is created again. */
    private Void write(CuratorFramework curator, int number, AtomicInteger count) throws Exception {
        while (!stop) {
            try {
                curator.create().forPath(top + "/" + number + "-" + count.get());
            } catch (KeeperException.NodeExistsException thereAlready) {
                // An earlier try of the same create has made it.
            }
            count.incrementAndGet();
            Thread.sleep(2);
        }
        return null;
    }

    private Void compete(CuratorFramework curator) throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(curator, top + "/mutex");
        while (!stop) {
            mutex.acquire();
            if (holders.incrementAndGet() > 1) clashes.incrementAndGet();
            Thread.sleep(5);
            holders.decrementAndGet();
            mutex.release();
            turns.incrementAndGet();
        }
        return null;
    }

    private void anotherRound(String text) throws Exception {
        for (AtomicInteger count : written) {
            int wanted = count.get() + ROUND;
            Harness.check(Harness.eventually(() -> count.get() >= wanted), "writes go on " + text);
        }
        int wanted = turns.get() + ROUND;
        Harness.check(Harness.eventually(() -> turns.get() >= wanted), "the mutex goes round " + text);
        Harness.check(Harness.eventually(() -> latches.stream().filter(LeaderLatch::hasLeadership).count() == 1),
                "one client leads " + text);
    }

    private void judge() throws Exception {
        stop = true;
        for (FutureTask<Void> task : tasks) Harness.await(task);
        Harness.check(true, "writers and lockers come to their ends");
        Harness.checkEqual(clashes.get(), 0,
                "in " + turns + " turns and " + elections + " elections never two hold the mutex or lead");
        for (int i = 0; i < clients.size(); i++) {
            Harness.Client client = clients.get(i);
            Harness.check(!client.wasLost(), "the session was never lost", client.states());
            Harness.checkEqual(client.session(), sessions.get(i), "and is the one it was");
            client.sync();
            Harness.checkEqual(client.curator().checkExists().forPath(top + "/node" + i).getEphemeralOwner(),
                    sessions.get(i), "its ephemeral is there");
        }
        TreeSet<String> found = new TreeSet<>(clients.get(0).curator().getChildren().forPath(top));
        for (int i = 0; i < written.size(); i++) {
            int lost = 0;
            for (int n = 0; n < written.get(i).get(); n++) if (!found.contains(i + "-" + n)) lost++;
            Harness.checkEqual(lost, 0, "of " + written.get(i) + " acknowledged writes none is lost");
        }
    }

    private void end() throws Exception {
        for (LeaderLatch latch : latches) latch.close();
        for (PersistentNode node : nodes) node.close();
        clients.get(0).curator().delete().deletingChildrenIfNeeded().forPath(top);
        for (Harness.Client client : clients) client.close();
    }

    static void run(String servers, String top) throws Exception {
        Failover failover = new Failover(top);
        failover.begin(servers);
        List<Harness.Client> clients = failover.clients;
        Caches caches = new Caches(clients.get(0), clients.get(1), top + "/cached");
        failover.anotherRound("at first");
        Harness.please("kill leader");
        failover.anotherRound("without the leader");
        Harness.please("start");
        failover.anotherRound("with a new one");
        Harness.please("kill " + clients.get(0).port());
        clients.get(1).curator().setData().forPath(top + "/cached", "1".getBytes());
        clients.get(2).curator().create().forPath(top + "/cached/x");
        failover.anotherRound("without the server of one of them");
        Harness.please("start");
        boolean again = clients.get(0).states().contains(ConnectionState.RECONNECTED);
        Harness.check(again, "one of them had to connect again");
        caches.mustShow(Set.of("x"), "1", "sees what happened meanwhile");
        caches.close();
        failover.judge();
        failover.end();
    }
}
