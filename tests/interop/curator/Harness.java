import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryForever;

/**
 * What the parts of the Curator program share: checks in the lines that scripts/lib/interop/program.js explains,
 * clients that remember through which states they went, and waiting.
 */
final class Harness {
    static final int PATIENCE_S = 20;
    static final int SESSION_MS = 15_000;
    private static final BufferedReader answers = new BufferedReader(new InputStreamReader(System.in));
    private static int failed;

    private Harness() {}

    static synchronized void check(boolean held, String text, Object why) {
        if (!held) failed++;
        System.out.println(held ? "ok " + text : "failed " + text + ": " + why);
    }

    static void check(boolean held, String text) {
        check(held, text, "it does not hold");
    }

    static void checkEqual(Object value, Object wanted, String text) {
        check(Objects.equals(value, wanted), text, "it is " + value + ", wanted " + wanted);
    }

    static void checkThrows(Class<? extends Exception> kind, String text, Callable<?> call) {
        try {
            check(false, text, "nothing was thrown, the result is " + call.call());
        } catch (Exception error) {
            check(kind.isInstance(error), text, error);
        }
    }

    static synchronized boolean allHeld() {
        return failed == 0;
    }

    /** Asks whoever runs the program for a fault, and waits until it happened. */
    static void please(String wish) throws IOException {
        System.out.println("please " + wish);
        String answer = answers.readLine();
        if (answer == null || !answer.startsWith("done")) throw new IOException("nobody did " + wish);
    }

    /** Whether the condition comes true in time. */
    static boolean eventually(Callable<Boolean> condition) throws Exception {
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S); System.nanoTime() < end; ) {
            if (condition.call()) return true;
            Thread.sleep(10);
        }
        return condition.call();
    }

    /** Runs something beside; its result can be awaited. */
    static <T> FutureTask<T> beside(Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    static <T> T await(FutureTask<T> task) throws Exception {
        return task.get(PATIENCE_S, TimeUnit.SECONDS);
    }

    /** A client with all that Curator knows of its connection. */
    record Client(CuratorFramework curator, List<ConnectionState> states) implements AutoCloseable {
        static Client open(String servers) throws Exception {
            return open(CuratorFrameworkFactory.builder().connectString(servers));
        }

        static Client open(CuratorFrameworkFactory.Builder builder) throws Exception {
            CuratorFramework curator = builder.sessionTimeoutMs(SESSION_MS)
                    .connectionTimeoutMs(5_000)
                    .retryPolicy(new RetryForever(50))
                    .build();
            Client client = new Client(curator, new CopyOnWriteArrayList<>());
            curator.getConnectionStateListenable().addListener((from, state) -> client.states.add(state));
            curator.start();
            if (!curator.blockUntilConnected(PATIENCE_S, TimeUnit.SECONDS)) throw new IOException("no connection");
            return client;
        }

        boolean wasLost() {
            return states.contains(ConnectionState.LOST);
        }

        long session() throws Exception {
            return curator.getZookeeperClient().getZooKeeper().getSessionId();
        }

        /** Waits until its server has applied what others wrote before. */
        void sync() throws Exception {
            FutureTask<Void> come = new FutureTask<>(() -> null);
            curator.sync().inBackground((from, event) -> come.run()).forPath("/");
            Harness.await(come);
        }

        /** The port of the server to which it is connected. */
        String port() throws Exception {
            String text = curator.getZookeeperClient().getZooKeeper().toString();
            Matcher found = Pattern.compile("remoteserver:\\S*:(\\d+)").matcher(text);
            if (!found.find()) throw new IOException("not connected: " + text);
            return found.group(1);
        }

        @Override
        public void close() {
            curator.close();
        }
    }
}
