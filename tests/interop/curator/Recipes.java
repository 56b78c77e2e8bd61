import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.CreateMode;

/** Curator's recipes, between two clients each. */
final class Recipes {
    private final Harness.Client one;
    private final Harness.Client two;
    private final String top;

    private Recipes(Harness.Client one, Harness.Client two, String top) {
        this.one = one;
        this.two = two;
        this.top = top;
    }

    private void mutex() throws Exception {
        InterProcessMutex first = new InterProcessMutex(one.curator(), top + "/mutex");
        InterProcessMutex second = new InterProcessMutex(two.curator(), top + "/mutex");
        Harness.check(first.acquire(Harness.PATIENCE_S, TimeUnit.SECONDS), "InterProcessMutex: acquire");
        Harness.check(first.acquire(1, TimeUnit.SECONDS), "and again by the same thread");
        Harness.check(!second.acquire(100, TimeUnit.MILLISECONDS), "not by another");
        FutureTask<Boolean> waiting = Harness.beside(() -> {
            boolean acquired = second.acquire(Harness.PATIENCE_S, TimeUnit.SECONDS);
            second.release();
            return acquired;
        });
        first.release();
        Harness.check(first.isOwnedByCurrentThread(), "released once it is still held");
        first.release();
        Harness.check(Harness.await(waiting), "released twice it goes to the other");
        InterProcessReadWriteLock readers = new InterProcessReadWriteLock(one.curator(), top + "/rw");
        InterProcessReadWriteLock writers = new InterProcessReadWriteLock(two.curator(), top + "/rw");
        boolean shared = readers.readLock().acquire(1, TimeUnit.SECONDS);
        shared &= writers.readLock().acquire(1, TimeUnit.SECONDS);
        Harness.check(shared, "InterProcessReadWriteLock: two readers");
        writers.readLock().release();
        Harness.check(!writers.writeLock().acquire(100, TimeUnit.MILLISECONDS), "no writer beside a reader");
        readers.readLock().release();
        Harness.check(writers.writeLock().acquire(Harness.PATIENCE_S, TimeUnit.SECONDS), "a writer afterwards");
        writers.writeLock().release();
    }

    private void semaphore() throws Exception {
        InterProcessSemaphoreV2 first = new InterProcessSemaphoreV2(one.curator(), top + "/semaphore", 2);
        InterProcessSemaphoreV2 second = new InterProcessSemaphoreV2(two.curator(), top + "/semaphore", 2);
        Lease a = first.acquire(Harness.PATIENCE_S, TimeUnit.SECONDS);
        Lease b = second.acquire(Harness.PATIENCE_S, TimeUnit.SECONDS);
        Harness.check(a != null && b != null, "InterProcessSemaphoreV2: two leases");
        Harness.checkEqual(second.acquire(100, TimeUnit.MILLISECONDS), null, "and no third");
        first.returnLease(a);
        Lease c = second.acquire(Harness.PATIENCE_S, TimeUnit.SECONDS);
        Harness.check(c != null, "until one comes back");
        second.returnLease(b);
        second.returnLease(c);
    }

    private void latch() throws Exception {
        LeaderLatch first = new LeaderLatch(one.curator(), top + "/latch", "one");
        LeaderLatch second = new LeaderLatch(two.curator(), top + "/latch", "two");
        first.start();
        Harness.check(first.await(Harness.PATIENCE_S, TimeUnit.SECONDS), "LeaderLatch: the first one leads");
        second.start();
        Harness.check(Harness.eventually(() -> second.getParticipants().size() == 2), "the second takes part");
        Harness.check(!second.hasLeadership() && second.getLeader().getId().equals("one"), "and knows who leads");
        first.close();
        Harness.check(second.await(Harness.PATIENCE_S, TimeUnit.SECONDS), "and leads when the first one leaves");
        second.close();
    }

    private void selector() throws Exception {
        List<String> order = new CopyOnWriteArrayList<>();
        CountDownLatch resign = new CountDownLatch(1);
        LeaderSelector first = selector(one.curator(), "one", order, resign);
        LeaderSelector second = selector(two.curator(), "two", order, resign);
        first.start();
        Harness.check(Harness.eventually(() -> order.equals(List.of("one"))), "LeaderSelector: the first one leads");
        second.start();
        Harness.check(Harness.eventually(() -> second.getParticipants().size() == 2), "the second waits");
        resign.countDown();
        Harness.check(Harness.eventually(() -> order.equals(List.of("one", "one ends", "two", "two ends"))),
                "and leads afterwards", order);
        first.close();
        second.close();
    }

    private LeaderSelector selector(CuratorFramework curator, String name, List<String> order, CountDownLatch resign) {
        LeaderSelectorListenerAdapter listener = new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework client) throws Exception {
                order.add(name);
                resign.await();
                order.add(name + " ends");
            }
        };
        LeaderSelector selector = new LeaderSelector(curator, top + "/selector", listener);
        selector.setId(name);
        return selector;
    }

    private void numbers() throws Exception {
        RetryNTimes often = new RetryNTimes(1000, 1);
        DistributedAtomicLong first = new DistributedAtomicLong(one.curator(), top + "/long", often);
        DistributedAtomicLong second = new DistributedAtomicLong(two.curator(), top + "/long", often);
        first.initialize(0L);
        FutureTask<Boolean> beside = Harness.beside(() -> {
            for (int i = 0; i < 20; i++) if (!second.increment().succeeded()) return false;
            return true;
        });
        boolean added = true;
        for (int i = 0; i < 20; i++) added &= first.add(2L).succeeded();
        Harness.check(added && Harness.await(beside), "DistributedAtomicLong: two count");
        one.sync();
        Harness.checkEqual(first.get().postValue(), 60L, "and nothing is lost");
        SharedCount count = new SharedCount(one.curator(), top + "/count", 7);
        SharedCount other = new SharedCount(two.curator(), top + "/count", 7);
        count.start();
        other.start();
        count.setCount(8);
        Harness.check(Harness.eventually(() -> other.getCount() == 8), "SharedCount: the other sees the change");
        Harness.check(other.trySetCount(other.getVersionedValue(), 9), "and changes it");
        Harness.check(Harness.eventually(() -> count.getCount() == 9), "and back");
        count.close();
        other.close();
    }

    private static final QueueSerializer<String> text = new QueueSerializer<>() {
        @Override
        public byte[] serialize(String item) {
            return item.getBytes();
        }

        @Override
        public String deserialize(byte[] bytes) {
            return new String(bytes);
        }
    };

    private static QueueConsumer<String> into(List<String> taken) {
        return new QueueConsumer<>() {
            @Override
            public void consumeMessage(String message) {
                taken.add(message);
            }

            @Override
            public void stateChanged(CuratorFramework client, ConnectionState state) {}
        };
    }

    private void queue() throws Exception {
        List<String> taken = new CopyOnWriteArrayList<>();
        List<String> wanted = new ArrayList<>();
        DistributedQueue<String> producer =
                QueueBuilder.builder(one.curator(), null, text, top + "/queue").buildQueue();
        DistributedQueue<String> consumer =
                QueueBuilder.builder(two.curator(), into(taken), text, top + "/queue").buildQueue();
        producer.start();
        for (int i = 0; i < 25; i++) {
            producer.put("item " + i);
            wanted.add("item " + i);
        }
        Harness.check(producer.flushPuts(Harness.PATIENCE_S, TimeUnit.SECONDS), "DistributedQueue: all is put");
        consumer.start();
        Harness.check(Harness.eventually(() -> taken.size() == 25), "all is taken", taken);
        Harness.checkEqual(taken, wanted, "in order");
        consumer.close();
        producer.close();
    }

    private void barriers() throws Exception {
        DistributedBarrier first = new DistributedBarrier(one.curator(), top + "/barrier");
        DistributedBarrier second = new DistributedBarrier(two.curator(), top + "/barrier");
        first.setBarrier();
        two.sync();
        Harness.check(!second.waitOnBarrier(100, TimeUnit.MILLISECONDS), "DistributedBarrier: it holds");
        FutureTask<Boolean> waiting = Harness.beside(() -> second.waitOnBarrier(Harness.PATIENCE_S, TimeUnit.SECONDS));
        first.removeBarrier();
        Harness.check(Harness.await(waiting), "and opens");
        FutureTask<Boolean> other = Harness.beside(() -> both(two.curator()));
        Harness.check(both(one.curator()) && Harness.await(other), "DistributedDoubleBarrier: two enter and leave");
    }

    private boolean both(CuratorFramework curator) throws Exception {
        DistributedDoubleBarrier barrier = new DistributedDoubleBarrier(curator, top + "/double", 2);
        boolean entered = barrier.enter(Harness.PATIENCE_S, TimeUnit.SECONDS);
        return entered && barrier.leave(Harness.PATIENCE_S, TimeUnit.SECONDS);
    }

    private void nodes() throws Exception {
        String path = top + "/node";
        PersistentNode node = new PersistentNode(one.curator(), CreateMode.EPHEMERAL, false, path, "x".getBytes());
        node.start();
        Harness.check(node.waitForInitialCreate(Harness.PATIENCE_S, TimeUnit.SECONDS), "PersistentNode: it is made");
        two.sync();
        Harness.checkEqual(two.curator().checkExists().forPath(path).getEphemeralOwner(), one.session(),
                "as an ephemeral");
        two.curator().delete().forPath(path);
        Harness.check(Harness.eventually(() -> two.curator().checkExists().forPath(path) != null),
                "deleted, it comes again");
        node.close();
        GroupMember a = new GroupMember(one.curator(), top + "/group", "a");
        GroupMember b = new GroupMember(two.curator(), top + "/group", "b");
        a.start();
        b.start();
        Harness.check(Harness.eventually(() -> a.getCurrentMembers().size() == 2 && b.getCurrentMembers().size() == 2),
                "GroupMember: two see each other");
        b.close();
        Harness.check(Harness.eventually(() -> a.getCurrentMembers().size() == 1), "and see one leave");
        a.close();
    }

    static void run(String servers, String top) throws Exception {
        try (Harness.Client one = Harness.Client.open(servers); Harness.Client two = Harness.Client.open(servers)) {
            one.curator().create().forPath(top);
            two.sync();
            Recipes recipes = new Recipes(one, two, top);
            recipes.mutex();
            recipes.semaphore();
            recipes.latch();
            recipes.selector();
            recipes.numbers();
            recipes.queue();
            recipes.barriers();
            recipes.nodes();
            Harness.check(!one.wasLost() && !two.wasLost(), "no session was lost");
            one.curator().delete().deletingChildrenIfNeeded().forPath(top);
        }
    }
}
