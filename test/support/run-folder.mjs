import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Ends whatever left the id of its process in the folder or in a folder of it, and removes all of it. */
const CLEAN = `
read -r _
for pid in "$1"/pid "$1"/*/pid "$1"/*/*/pid; do [ ! -f "$pid" ] || kill -KILL "$(cat "$pid")"; done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`;

/**
 * Jest's global set-up: a folder for what the suites of a run share, and for servers that a suite left behind. It is removed
 * however the run ends: the shell that does it waits for the end of the run at a pipe.
 */
export default function makeRunFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'smartrouting-run-'));
  // Galera's servers run as a user of their own where the tests run as root.
  chmodSync(folder, 0o755);
  const cleaner = spawn('sh', ['-c', CLEAN, 'sh', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  cleaner.unref();
  cleaner.stdin.unref();
  process.env.SMARTROUTING_TEST_RUN = folder;
}
