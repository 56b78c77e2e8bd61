import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;

/** The program of Curator, the library on top of ZooKeeper's client in Java; its argument is where the servers are. */
final class Program {
    private Program() {}

    private interface Part {
        void run(String servers, String top) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println("version " + version());
        run(Basics::run, arguments[0], "Basics");
        run(Recipes::run, arguments[0], "Recipes");
        run(Caches::run, arguments[0], "Caches");
        run(Failover::run, arguments[0], "Failover");
        System.exit(Harness.allHeld() ? 0 : 1);
    }

    private static void run(Part part, String servers, String name) {
        try {
            part.run(servers, "/interop-curator-" + name);
        } catch (Exception error) {
            error.printStackTrace();
            Harness.check(false, name, error);
        }
    }

    /** As the jar of Curator says. */
    private static String version() throws IOException {
        String file = "/META-INF/maven/org.apache.curator/curator-recipes/pom.properties";
        Properties properties = new Properties();
        try (InputStream input = InterProcessMutex.class.getResourceAsStream(file)) {
            if (input != null) properties.load(input);
        }
        return properties.getProperty("version", "unknown");
    }
}
