#!/usr/bin/env node
import { writeSync } from 'node:fs';
import { run } from './program.js';

// `export | head` closes our output early; that is not an error.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
  writeSync(2, `cannot write to standard output (${code}); the command itself may have succeeded\n`);
  process.exit(1);
});

// Node ends a process in which nothing but idle timers and sockets is left, without a word and with exit code 13, even
// if a command still waits for them.
const awake = setInterval(() => undefined, 2 ** 30);
process.exitCode = await run(process.argv.slice(2));
clearInterval(awake);
