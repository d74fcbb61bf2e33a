import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { configCheck, mounted, ROOT } from './files.js';

const UNIT = 'smartrouting-vip.service';
const text = await readFile(join(ROOT, 'deploy/systemd', UNIT), 'utf8');

async function analyze(...args: string[]): Promise<{ output: string; unit: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'smartrouting-systemd-'));
  const unit = join(folder, UNIT);
  // Node lies elsewhere here, perhaps.
  await writeFile(unit, text.replace('/usr/bin/node', process.execPath));
  try {
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', [...args, unit]);
    return { output: stdout + stderr, unit };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the systemd unit', () => {
  it('is what systemd takes, without a word', async () => {
    expect((await analyze('verify', '--man=no')).output).toBe('');
  });

  it("is exposed no more than 1.6 of 10, by systemd's own count", async () => {
    expect((await analyze('security', '--offline=true', '--threshold=16', '--no-pager')).output).toContain(
      'Overall exposure level',
    );
  });

  it.each([
    ['is not restarted with a configuration that it refused', 'RestartPreventExitStatus=78'],
    ['has the time that its end may take', 'TimeoutStopSec=20s'],
    ['reloads by a signal', 'ExecReload=/bin/kill -HUP $MAINPID'],
    [
      'starts the service itself, which gets the signals',
      'ExecStart=/usr/bin/node /opt/smartrouting-vip/dist/main.js',
    ],
  ])('%s', (_promise, line) => {
    expect(text.split('\n')).toContain(line);
  });
});

describe('the configuration beside it', () => {
  it('is usable, with the key that systemd hands over', async () => {
    const files = {
      'smartrouting.yaml': await readFile(join(ROOT, 'deploy/systemd/config/smartrouting.yaml'), 'utf8'),
      'vips.csv': await readFile(join(ROOT, 'config/vips.csv'), 'utf8'),
    };
    const { folder, file } = await mounted(files, '/run/credentials/smartrouting-vip.service');
    const { code, stdout } = await configCheck(file);
    await rm(folder, { recursive: true });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/ is usable: 1 credential, 1 provider/)]);
    expect(stdout).not.toContain('demo');
  });
});
