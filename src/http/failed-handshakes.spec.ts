import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { Server } from 'node:https';
import type { Logger } from '../observability/logger.js';
import { logFailedHandshakes } from './failed-handshakes.js';

describe('failed TLS handshakes', () => {
  it('are told once a minute for each kind, counted; refused certificates are a warning, probes are nothing', () => {
    const server = new EventEmitter();
    const lines: unknown[] = [];
    const write =
      (level: string) =>
      ({ code, count }: { code: string; count: number }): number =>
        lines.push([level, code, count]);
    let nowMs = 5;
    logFailedHandshakes(
      server as Server,
      { info: write('info'), warn: write('warn') } as unknown as Logger,
      () => nowMs,
    );
    const fail = (code: string, authorizationError: string | null = null): boolean =>
      server.emit('tlsClientError', Object.assign(new Error(), { code }), { authorizationError });
    const told = (): unknown[] => lines.splice(0);

    fail('ECONNRESET');
    fail('OLD_TLS');
    fail('OLD_TLS');
    fail('ERR_SSL', 'CERT_HAS_EXPIRED');
    expect(told()).toEqual([
      ['info', 'OLD_TLS', 1],
      ['warn', 'CERT_HAS_EXPIRED', 1],
    ]);
    nowMs += 59_999;
    fail('OLD_TLS');
    expect(told()).toEqual([]);
    nowMs += 1;
    fail('OLD_TLS');
    fail('OLD_TLS');
    expect(told()).toEqual([['info', 'OLD_TLS', 3]]);
  });
});
