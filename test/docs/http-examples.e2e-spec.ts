import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ask } from '../support/ask.js';
import { RunningService } from '../support/service.js';

const read = (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

describe('examples/smartrouting.http', () => {
  it('gets from the demo what each title says', async () => {
    const [yaml, list, text] = await Promise.all(
      ['config/smartrouting.yaml', 'config/vips.csv', 'examples/smartrouting.http'].map(read),
    );
    const service = await RunningService.start({ 'smartrouting.yaml': yaml!, 'vips.csv': list! });
    const key = /^@key = (.*)$/m.exec(text!)![1]!;
    try {
      const requests = text!.split(/^### /m).slice(1);
      expect(requests).toHaveLength(7);
      for (const request of requests) {
        const [title, line, ...rest] = request.trim().split('\n') as [string, string, ...string[]];
        const [method, url] = line.replace(/\{\{\w+\}\}/, service.url).split(' ') as [string, string];
        const blank = rest.indexOf('');
        const headers = rest
          .slice(0, Math.max(0, blank))
          .map((one) => one.replace('{{key}}', key).split(': '));
        const body = blank < 0 ? undefined : (JSON.parse(rest.slice(blank).join('\n')) as object);
        const answer = await ask(url, {
          method,
          headers: Object.fromEntries(headers) as Record<string, string>,
          ...(body && { body }),
        });
        expect([title, answer.status]).toEqual([title, Number(/\b\d{3}\b/.exec(title)?.[0] ?? 200)]);
        const reason = /X-SmartRouting-Reason: (\S+)/.exec(title)?.[1];
        if (reason !== undefined) expect(answer.headers['x-smartrouting-reason']).toBe(reason);
      }
    } finally {
      await service.stop();
    }
  });
});
