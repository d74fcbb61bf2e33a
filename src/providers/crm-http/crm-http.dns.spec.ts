import { describe, expect, it } from '@jest/globals';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { HostNames } from './crm-http.dns.js';

const FIRST = [{ address: '192.0.2.1', family: 4 }];
const SECOND = [{ address: '192.0.2.2', family: 4 }];
const LONG_MS = 600_000;

/** A name server that does as the test says. */
class Names {
  asked = 0;
  answer: () => Promise<LookupAddress[]> = async () => FIRST;
  readonly resolve = (): Promise<LookupAddress[]> => {
    this.asked++;
    return this.answer();
  };
}

function find(
  names: HostNames,
  options: LookupOptions = { all: true },
  host = 'crm.example',
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    names.lookup(host, options, (error, address, family) => {
      if (error) reject(error);
      else resolve(options.all ? address : [address, family]);
    });
  });
}

const gone = async (): Promise<never> => {
  throw Object.assign(new Error('gone'), { code: 'EAI_AGAIN' });
};
const silent = () => new Promise<never>(() => undefined);

describe('host names', () => {
  it('are asked for once, and by all that want them meanwhile together', async () => {
    const server = new Names();
    const names = new HostNames(server.resolve, LONG_MS);
    expect(await Promise.all([find(names), find(names)])).toEqual([FIRST, FIRST]);
    expect(await find(names)).toEqual(FIRST);
    expect(server.asked).toBe(1);
  });

  it('follow a change when they are not fresh any more', async () => {
    const server = new Names();
    const names = new HostNames(server.resolve, 0);
    expect(await find(names)).toEqual(FIRST);
    server.answer = async () => SECOND;
    expect(await find(names)).toEqual(SECOND);
  });

  it.each([
    ['fails', gone],
    ['says nothing', silent],
  ])('keep their last address while the name server %s', async (_, trouble) => {
    const server = new Names();
    const names = new HostNames(server.resolve, 0);
    await find(names);
    server.answer = trouble;
    expect(await find(names)).toEqual(FIRST);
    expect(await find(names)).toEqual(FIRST);
    if (trouble === silent) expect(server.asked).toBe(2); // one question at a time
  });

  it('are asked for anew at once when no connection could be made', async () => {
    const server = new Names();
    const names = new HostNames(server.resolve, LONG_MS);
    await find(names);
    names.failed('other.example');
    expect(await find(names)).toEqual(FIRST);
    expect(server.asked).toBe(1);
    names.failed('crm.example');
    server.answer = gone; // the old address is better than none
    expect(await find(names)).toEqual(FIRST);
    server.answer = async () => SECOND;
    expect(await find(names)).toEqual(SECOND);
    expect(await find(names)).toEqual(SECOND);
    expect(server.asked).toBe(3);
  });

  it('fail when there never was an address, and can be found later', async () => {
    const server = new Names();
    server.answer = gone;
    const names = new HostNames(server.resolve);
    await expect(find(names)).rejects.toMatchObject({ code: 'EAI_AGAIN' });
    server.answer = async () => FIRST;
    expect(await find(names)).toEqual(FIRST);
  });

  it('answer in the form that is asked for', async () => {
    const server = new Names();
    server.answer = async () => [{ address: '2001:db8::1', family: 6 }, ...FIRST];
    const names = new HostNames(server.resolve);
    expect(await find(names, {})).toEqual(['2001:db8::1', 6]);
    expect(await find(names, { family: 4 })).toEqual(['192.0.2.1', 4]);
    server.answer = async () => FIRST;
    await expect(find(names, { family: 6 }, 'v4.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
