import { describe, expect, it } from '@jest/globals';
import { LineProblems } from '../line-problems.js';
import { ContactList } from './contact-list.js';

const remarks = () => ({
  problems: new LineProblems(),
  leftOut: new LineProblems(),
  warnings: new LineProblems(),
});

describe('a list of contacts', () => {
  it('lets other work be done behind each contact, also behind those of which there is no entry', async () => {
    const contacts = Array.from({ length: 1_000 }, (_, at) => ({
      line: at + 1,
      cells: [{ column: 'Name', text: 'Aino' }],
    }));
    const list = new ContactList({ tier: 'gold' }, 'FI', remarks(), true);
    let pauses = 0;
    for await (const entry of list.ofContacts(() => contacts)) if (entry === undefined) pauses++;
    expect(pauses).toBeGreaterThanOrEqual(1_000);
    expect(list.report).toBe('no numbers; 1000 contacts without a number');
  });
});
