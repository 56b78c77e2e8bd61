import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.NodeCache;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.cache.TreeCache;

/**
 * Curator's caches of the same znodes while another client changes them. The one that uses a persistent watch has a
 * connection of its own: in ZooKeeper before 3.9 a simple watch of the same znode takes a persistent one away.
 */
@SuppressWarnings("deprecation")
final class Caches implements AutoCloseable {
    final String top;
    final CuratorCache whole;
    final TreeCache tree;
    final PathChildrenCache children;
    final NodeCache node;

    Caches(Harness.Client persistent, Harness.Client simple, String top) throws Exception {
        this.top = top;
        whole = CuratorCache.build(persistent.curator(), top);
        tree = new TreeCache(simple.curator(), top);
        children = new PathChildrenCache(simple.curator(), top, true);
        node = new NodeCache(simple.curator(), top);
        whole.start();
        tree.start();
        children.start(PathChildrenCache.StartMode.BUILD_INITIAL_CACHE);
        node.start(true);
    }

    /** What there is, by name below the top; each cache has to come to it. */
    void mustShow(Set<String> names, String value, String text) throws Exception {
        Set<String> wanted = new TreeSet<>(names);
        Harness.check(Harness.eventually(() -> known().equals(wanted)), "CuratorCache " + text, known());
        Harness.check(Harness.eventually(() -> inTree().equals(wanted)), "TreeCache " + text, inTree());
        Harness.check(Harness.eventually(() -> direct().equals(wanted)), "PathChildrenCache " + text, direct());
        Harness.check(Harness.eventually(() -> value.equals(new String(node.getCurrentData().getData()))),
                "NodeCache " + text);
        Harness.check(Harness.eventually(() -> value.equals(wholeData(top))), "CuratorCache has the data " + text);
    }

    private String wholeData(String path) {
        return whole.get(path).map(data -> new String(data.getData())).orElse("");
    }

    private Set<String> known() {
        return whole.stream().map(ChildData::getPath).filter(path -> path.startsWith(top + "/"))
                .map(path -> path.substring(top.length() + 1)).collect(Collectors.toCollection(TreeSet::new));
    }

    private Set<String> inTree() {
        var found = tree.getCurrentChildren(top);
        return found == null ? Set.of() : new TreeSet<>(found.keySet());
    }

    private Set<String> direct() {
        return children.getCurrentData().stream().map(data -> data.getPath().substring(top.length() + 1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public void close() throws Exception {
        node.close();
        children.close();
        tree.close();
        whole.close();
    }

    static void run(String servers, String top) throws Exception {
        try (Harness.Client one = Harness.Client.open(servers);
                Harness.Client two = Harness.Client.open(servers);
                Harness.Client three = Harness.Client.open(servers)) {
            CuratorFramework other = three.curator();
            other.create().forPath(top, "1".getBytes());
            other.create().forPath(top + "/a", "a".getBytes());
            one.sync();
            two.sync();
            try (Caches caches = new Caches(one, two, top)) {
                caches.mustShow(Set.of("a"), "1", "sees what is there");
                other.create().forPath(top + "/b", "b".getBytes());
                other.setData().forPath(top, "2".getBytes());
                caches.mustShow(Set.of("a", "b"), "2", "sees what comes");
                other.setData().forPath(top + "/a", "changed".getBytes());
                Harness.check(Harness.eventually(() -> "changed".equals(caches.wholeData(top + "/a"))),
                        "CuratorCache sees data change");
                Harness.check(Harness.eventually(() ->
                        "changed".equals(new String(caches.tree.getCurrentData(top + "/a").getData()))),
                        "TreeCache sees data change");
                other.delete().forPath(top + "/a");
                other.delete().forPath(top + "/b");
                caches.mustShow(Set.of(), "2", "sees what goes");
            }
            other.delete().forPath(top);
        }
    }
}
