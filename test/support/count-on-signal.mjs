// Loaded into a process of a test: on SIGUSR2 it says on standard output how many objects are alive, once the garbage is
// collected. That takes a second.
import { queryObjects } from 'node:v8';

process.on('SIGUSR2', () => {
  process.stdout.write(`${JSON.stringify({ objects: queryObjects(Object, { format: 'count' }) })}\n`);
});
