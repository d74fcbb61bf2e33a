#!/usr/bin/env node
import { run } from './program.js';

// `export | head` closes our output early; that is no error.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(process.argv.slice(2));
