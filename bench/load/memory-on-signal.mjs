// Preloaded into a process whose memory is measured: at SIGUSR2 it collects its garbage and writes down the remaining memory.
import { renameSync, writeFileSync } from 'node:fs';

const { BENCH_MEMORY_FILE } = process.env;
process.on('SIGUSR2', async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 100)); // buffers are freed after the collection that found them
  }
  writeFileSync(`${BENCH_MEMORY_FILE}.part`, JSON.stringify(process.memoryUsage()));
  renameSync(`${BENCH_MEMORY_FILE}.part`, BENCH_MEMORY_FILE);
});
