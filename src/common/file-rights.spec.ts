import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changeableByOthers, readableByOthers } from './file-rights.js';

const SOMEBODY = 4242;
const folders: string[] = [];
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-rights-'));
  folders.push(folder);
  file = join(folder, 'list.csv');
  writeFileSync(file, '');
  chmodSync(file, 0o644);
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => folders.forEach((one) => rmSync(one, { recursive: true })));

/** Makes it somebody else's than that of the user who runs the service; only root can really give a file away. */
function giveAway(path: string): number {
  const own = process.geteuid!();
  if (own === 0) chownSync(path, SOMEBODY, SOMEBODY);
  jest.spyOn(process as Required<NodeJS.Process>, 'geteuid').mockReturnValue(own === 0 ? 0 : SOMEBODY);
  return own === 0 ? SOMEBODY : own;
}

describe('a file that others may change', () => {
  it('is not one that only its owner may write, in a folder of which the same is true', () => {
    expect(changeableByOthers(file)).toBeUndefined();
  });

  it('is one that everybody may write', () => {
    chmodSync(file, 0o666);
    expect(changeableByOthers(file)).toBe(
      `may be written by every user of this machine (mode 0666); chmod o-w ${file}`,
    );
  });

  it('is one in a folder that everybody may write, unless only owners may take files away there', () => {
    chmodSync(folder, 0o777);
    expect(changeableByOthers(file)).toBe(
      `can be replaced: it is in ${folder}, which may be written by every user of this machine (mode 0777); chmod o-w ${folder}`,
    );
    chmodSync(folder, 0o1777);
    expect(changeableByOthers(file)).toBeUndefined();
  });

  it("is one of somebody who is neither root nor the service's user", () => {
    const owner = giveAway(file);
    expect(changeableByOthers(file)).toBe(
      `belongs to user ${owner}, who is neither root nor the user that runs the service; chown root ${file}`,
    );
  });

  it('is judged behind links, whose own rights say nothing', () => {
    const link = join(folder, 'link.csv');
    symlinkSync('list.csv', link);
    expect(changeableByOthers(link)).toBeUndefined();
    chmodSync(file, 0o646);
    expect(changeableByOthers(link)).toContain('(mode 0646)');
  });

  it('is one whose link can be replaced, or what it leads to', () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    symlinkSync(file, join(open, 'link.csv'));
    expect(changeableByOthers(join(open, 'link.csv'))).toContain(`it is in ${open}, which`);
    writeFileSync(join(open, 'target.csv'), '');
    symlinkSync(join(open, 'target.csv'), join(folder, 'other-link.csv'));
    expect(changeableByOthers(join(folder, 'other-link.csv'))).toContain(`it is in ${open}, which`);
  });

  it('is none that is missing: that is told by who reads it', () => {
    expect(changeableByOthers(join(folder, 'none'))).toBeUndefined();
  });
});

describe('a file that others may read', () => {
  it.each([
    [0o600, undefined],
    [0o400, undefined],
    [0o640, 'may be read by other users of this machine (mode 0640); chmod 600'],
    [0o604, 'may be read by other users of this machine (mode 0604); chmod 600'],
  ])('is told by its mode %o', (mode, problem) => {
    chmodSync(file, mode);
    expect(readableByOthers(file)).toBe(problem && `${problem} ${file}`);
  });

  it.each([
    ['missing', 'none'],
    ['below a file', 'list.csv/own.sqlite'],
    ['of a name that is too long', 'x'.repeat(300)],
  ])('is none that is %s', (_, name) => {
    expect(readableByOthers(join(folder, name))).toBeUndefined();
    expect(changeableByOthers(join(folder, name))).toBeUndefined();
  });
});
