import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALLOWANCE_MS, DEADLINE_MS, Load } from './load.js';
import { Machine } from './machine.js';
import { PhoneSystem } from './phone-system.js';
import { Callers } from './callers.js';
import { Tally } from './tally.js';

let server: Server;
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** A hundred calls or so to a server that answers them all alike. */
async function tallyOf(answer: (response: ServerResponse) => void): Promise<Tally> {
  server = createServer((request, response) => request.resume().on('end', () => answer(response)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const phones = new PhoneSystem(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  const machine = new Machine([]);
  const tally = new Tally();
  const expectation = { tally, mayMiss: new Set<never>(), faulty: false, mayShed: false };
  const load = new Load(phones, new Callers(1), machine, 200, expectation);
  load.start();
  await sleep(500);
  await load.stop();
  machine.stop();
  phones.close();
  return tally;
}

const notFound = (response: ServerResponse): void =>
  void response.writeHead(204, { 'X-SmartRouting-Reason': 'no-match' }).end();

describe('the load', () => {
  it('counts strangers as right and VIPs as wrong when nobody is found', async () => {
    const { sent, right, wrong, lost, late, vips } = await tallyOf(notFound);
    expect(sent).toBeGreaterThan(0);
    expect(right + wrong).toBe(sent);
    expect(wrong).toBe([...vips.values()].reduce((sum, { calls }) => sum + calls, 0));
    expect(wrong).toBeGreaterThan(0);
    expect({ lost, late }).toEqual({ lost: 0, late: 0 });
  });

  it('counts a call whose connection breaks as lost', async () => {
    const { sent, lost, right } = await tallyOf((response) => response.socket?.resetAndDestroy());
    expect(sent).toBeGreaterThan(0);
    expect({ lost, right }).toEqual({ lost: sent, right: 0 });
  });

  it('does not wait for an answer before it sends the next call, and counts a late one as late', async () => {
    const { sent, late, inTime, ...counted } = await tallyOf(
      (response) => void setTimeout(() => notFound(response), DEADLINE_MS + ALLOWANCE_MS + 50),
    );
    expect(sent).toBeGreaterThan(10);
    expect(inTime).toBe(0);
    expect(late + counted.void).toBe(sent);
  });
});
