import { configurationIn, startProxy } from './proxy-program.js';
import type { RunningProxy } from './proxy-program.js';

/**
 * Starts a real HAProxy and waits until it listens.
 * @param configuration the whole file: `defaults`, `frontend`s and `backend`s; take ports from `freePort()`
 * @param ports of 127.0.0.1 that it is to listen on
 * @throws Error with what HAProxy wrote
 */
export function startHaproxy(configuration: string, ports: readonly number[]): Promise<RunningProxy> {
  return startProxy({
    name: 'haproxy',
    // In the foreground, one process: a signal to it is a signal to all of it.
    args: (folder) => ['-db', '-f', configurationIn(folder)],
    configuration: () => (configuration.endsWith('\n') ? configuration : `${configuration}\n`),
    ports,
  });
}
