import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** For bench/make-log: works through a batch of files in four threads for each line on stdin. */
public final class Service {
    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        int files = Integer.parseInt(args[1]);
        ExecutorService pool = Executors.newFixedThreadPool(4);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));

        while (in.readLine() != null) {
            List<Callable<Void>> batch = new ArrayList<>();

            for (int i = 0; i < files; i++) {
                Path file = dir.resolve("entry-" + i);
                batch.add(() -> work(file));
            }
            pool.invokeAll(batch);
            System.out.println("done");
        }
        pool.shutdown();
    }

    private static Void work(Path file) {
        try {
            Files.writeString(file, file.toString());
            Files.readAllLines(file);
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return null;
    }
}
