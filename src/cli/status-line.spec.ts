import { describe, expect, it } from '@jest/globals';
import { StatusLine } from './status-line.js';

function terminal(isTTY: boolean, columns = 20) {
  const written: string[] = [];
  return { written, isTTY, columns, write: (text: string) => written.push(text) > 0 };
}

describe('a status line', () => {
  it('replaces itself, never wraps, and is erased once', () => {
    const screen = terminal(true);
    const line = new StatusLine(screen);
    line.show('crm: 1 page');
    line.show('crm: 2 pages, 200 contacts');
    line.clear();
    line.clear();
    expect(screen.written).toEqual(['\r\u001b[Kcrm: 1 page', '\r\u001b[Kcrm: 2 pages, 200 c', '\r\u001b[K']);
  });

  it('is not written to a file or a pipe', () => {
    const file = terminal(false);
    const line = new StatusLine(file);
    line.show('crm: 1 page');
    line.clear();
    expect(file.written).toEqual([]);
  });

  it('fits a terminal that does not tell its width', () => {
    const screen = terminal(true, 0);
    new StatusLine(screen).show('x'.repeat(200));
    expect(screen.written).toEqual([`\r\u001b[K${'x'.repeat(79)}`]);
  });
});
