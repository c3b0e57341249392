import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;

/* The Java workload: a pool of threads, a file, and garbage enough for a collection or two. */
public class Work {
	public static void main(String[] args) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(4);
		List<Future<Integer>> sums = new ArrayList<>();

		for (int i = 0; i < 8; i++) {
			final int seed = i;
			sums.add(pool.submit(() -> {
				int sum = 0;
				for (int k = 0; k < 20000; k++)
					sum += new StringBuilder().append(seed).append(k).toString().length();
				return sum;
			}));
		}
		for (Future<Integer> sum : sums)
			System.out.println(sum.get());
		pool.shutdown();
		System.out.println(pool.awaitTermination(10, TimeUnit.SECONDS));
		Path file = Files.createTempFile("work", null);
		Files.writeString(file, "written");
		System.out.println(Files.readString(file));
		Files.delete(file);
	}
}
