import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../observability/logger.js';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** How often the files are looked at; polling sees editors that replace files and mounted secrets that are swapped. */
const WATCH_MS = 5_000;

/**
 * Reads certificate and key, and tries them together.
 * @throws Error whose message names the file or the rule, never the key
 */
export function readTls({ cert, key }: TlsFiles): { cert: Buffer; key: Buffer } {
  const pair = { cert: readFileSync(cert), key: readFileSync(key) };
  createSecureContext(pair);
  return pair;
}

/** Takes changed files over without dropping a connection; a pair that does not work is refused and the old one stays. */
export function watchTls(server: Server, files: TlsFiles, logger: Logger): void {
  const changed = (): void => {
    try {
      server.setSecureContext(readTls(files));
      logger.info({ cert: files.cert }, 'certificate read again');
    } catch (error) {
      logger.error(
        { cert: files.cert, error },
        'changed certificate or key is not usable, the old one stays',
      );
    }
  };
  const paths = [files.cert, files.key];
  for (const path of paths) watchFile(path, { interval: WATCH_MS, persistent: false }, changed);
  server.on('close', () => {
    for (const path of paths) unwatchFile(path, changed);
  });
}
