#!/usr/bin/env node
import { writeSync } from 'node:fs';
import { run } from './program.js';

// `export | head` closes our output early; that is not an error.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
  writeSync(2, `cannot write to standard output (${code}); the command itself may have succeeded\n`);
  process.exit(1);
});

process.exitCode = await run(process.argv.slice(2));
