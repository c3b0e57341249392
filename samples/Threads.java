import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Three named threads, one with a blank in its name, that write, read, move and delete files. */
public final class Threads {
    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        List<Thread> threads = new ArrayList<>();

        for (String name : new String[] { "indexer", "log writer", "cleaner" }) {
            Thread t = new Thread(() -> work(dir, name), name);
            t.start();
            threads.add(t);
        }
        for (Thread t : threads) {
            t.join();
        }
    }

    private static void work(Path dir, String name) {
        Path file = dir.resolve(name.replace(' ', '-'));

        try {
            for (int i = 0; i < 3; i++) {
                Files.writeString(file, name + " " + i);
                Files.readString(file);
                Path moved = Files.move(file, dir.resolve(file.getFileName() + "." + i));
                Thread.sleep(5);
                Files.delete(moved);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
