/** Listens on the port given, with the shortest line of waiting connections that there is; the test stops it then. */
import { createServer } from 'node:net';

createServer().listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 1 }, () => {
  process.send('listening');
  process.channel.unref();
});
setTimeout(() => process.exit(), 120_000); // whoever started it is gone
