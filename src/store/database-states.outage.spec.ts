import { describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { spoilingProxy } from '../../test/support/database-provider.js';
import { eventually } from '../../test/support/eventually.js';
import { withStates } from '../../test/support/state-instances.js';
import { withMariaDb } from '../../test/support/with-mariadb.js';

const server = withMariaDb();
const { path: pathOf, instance } = withStates();

describe('a database that cannot be used', () => {
  it('is not touched before a provider keeps something', async () => {
    const doors = [await spoilingProxy(server.port), await spoilingProxy(server.port)] as const;
    const throughDoor = (index: 0 | 1) =>
      instance(server.url.replace(`:${server.port}/`, `:${doors[index].port}/`)).of('crm');
    throughDoor(0);
    await throughDoor(1).read('a');
    expect(doors[1].bytes()).toBeGreaterThan(0);
    // What the first had begun would have got to the server by now.
    expect(doors[0].bytes()).toBe(0);
    for (const door of doors) await door.stop();
  });

  it('is reported without its address, and used as soon as it is back', async () => {
    const door = await spoilingProxy(server.port);
    const state = instance(server.url.replace(`:${server.port}/`, `:${door.port}/`)).of('crm');
    await state.write('a', '1', undefined);
    await door.stop();
    await expect(state.read('a')).rejects.toMatchObject({
      name: 'VipLookupError',
      message: expect.stringMatching(/^database is not reachable \([A-Z_]+\)$/),
    });
    const again = await spoilingProxy(server.port, door.port);
    await eventually(async () => expect(await state.read('a')).toEqual({ text: '1', version: 1 }));
    await again.stop();
  });

  it('is a local file that is not there, where SQLite had one', async () => {
    const path = pathOf('store.sqlite');
    const states = instance(`sqlite:${path}`);
    await states.of('a').write('key', 'text', undefined);
    await rm(path);
    await rm(`${path}-wal`, { force: true });
    await expect(states.of('a').read('key')).rejects.toMatchObject({ name: 'VipFileError', path });
  });

  it('names the cure to a user who may not make the tables', async () => {
    const url = await server.createDatabase();
    const poor = await server.createUser('SELECT, INSERT, UPDATE, DELETE', url);
    await expect(instance(poor).of('crm').read('a')).rejects.toMatchObject({
      name: 'VipLookupError',
      message: expect.stringMatching(
        /^there is no table "provider_state".*may not change tables: run "npm run cli -- export"/,
      ),
    });
    await instance(url).of('crm').write('a', '1', undefined);
    expect(await instance(poor).of('crm').write('a', '2', 1)).toBe(true);
  });
});
