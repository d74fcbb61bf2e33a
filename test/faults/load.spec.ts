import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../support/eventually.js';
import { ALLOWANCE_MS, CORE_PATIENCE_MS, DEADLINE_MS, Load } from './load.js';
import type { Expectation } from './load.js';
import type { MachineTime } from './machine.js';
import { PhoneSystem } from './phone-system.js';
import { Callers } from './callers.js';
import { Tally } from './tally.js';

/** A clock that the test moves, and a machine that starves its programs or not. */
class PlayedTime implements MachineTime {
  ms = 0;
  isStarved = false;
  /** Of the time on the wall, none of the machine's. */
  lostMs = 0;
  nowMs = (): number => this.ms;
  wallMs = (): number => this.ms + this.lostMs;
  starved = (): boolean => this.isStarved;
}

const PER_SECOND = 200;
const STEP_MS = 100;
let server: Server;
let phones: PhoneSystem;
let time: PlayedTime;
let load: Load;
let tally: Tally;
/** What the server was asked and has not answered. */
let open: ServerResponse[];
let onCall: (response: ServerResponse) => void;

beforeEach(async () => {
  open = [];
  onCall = (response) => open.push(response);
  server = createServer((request, response) => request.resume().on('end', () => onCall(response)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  phones = new PhoneSystem(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  time = new PlayedTime();
  tally = new Tally();
  const expectation: Expectation = { tally, mayMiss: new Set(), faulty: false, mayShed: false };
  load = new Load(phones, new Callers(1), time, PER_SECOND, expectation);
});

afterEach(async () => {
  phones.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const notFound = (response: ServerResponse): void =>
  void response.writeHead(204, { 'X-SmartRouting-Reason': 'no-match' }).end();

/** Time passes until fifty calls or so have been sent, and then no more come. */
async function called(): Promise<{ readonly ended: Promise<void> }> {
  load.start();
  while (tally.sent < 50) {
    const before = tally.sent;
    time.ms += STEP_MS;
    await eventually(() => tally.sent > before);
  }
  return { ended: load.stop() };
}

/** Likewise; the server answers so much later, to all of them in one moment. */
async function answeredAfter(ms: number, lostMs = 0): Promise<void> {
  const { ended } = await called();
  await eventually(() => open.length === tally.sent);
  time.ms += ms;
  time.lostMs += lostMs;
  open.forEach(notFound);
  await ended;
}

describe('the load', () => {
  it('counts strangers as right and VIPs as wrong when nobody is found', async () => {
    onCall = notFound;
    await (
      await called()
    ).ended;
    const { sent, right, wrong, lost, late, vips } = tally;
    expect(right + wrong).toBe(sent);
    expect(right).toBeGreaterThan(0);
    expect(wrong).toBe([...vips.values()].reduce((sum, { calls }) => sum + calls, 0));
    expect(wrong).toBeGreaterThan(0);
    expect({ lost, late, void: tally.void }).toEqual({ lost: 0, late: 0, void: 0 });
  });

  it('counts a call whose connection breaks as lost, even on a machine that starves it', async () => {
    time.isStarved = true;
    onCall = (response) => response.socket?.resetAndDestroy();
    await (
      await called()
    ).ended;
    expect({ lost: tally.lost, right: tally.right, void: tally.void }).toEqual({
      lost: tally.sent,
      right: 0,
      void: 0,
    });
  });

  it.each([
    ['void while the machine starves', true],
    ['lost otherwise', false],
  ])('counts one whose connection breaks when Core would have given up as %s', async (_, isStarved) => {
    const { ended } = await called();
    await eventually(() => open.length === tally.sent);
    time.isStarved = isStarved;
    time.lostMs = CORE_PATIENCE_MS + STEP_MS;
    for (const response of open) response.socket?.resetAndDestroy();
    await ended;
    const [counted, other] = isStarved ? [tally.void, tally.lost] : [tally.lost, tally.void];
    expect({ counted, other }).toEqual({ counted: tally.sent, other: 0 });
  });

  it('does not wait for an answer before it sends the next call, and counts one in time as in time', async () => {
    await answeredAfter(DEADLINE_MS);
    expect({ inTime: tally.inTime, late: tally.late, void: tally.void }).toEqual({
      inTime: tally.sent,
      late: 0,
      void: 0,
    });
  });

  it('counts a late answer as late, and tells of it', async () => {
    await answeredAfter(DEADLINE_MS + ALLOWANCE_MS + STEP_MS);
    expect({ inTime: tally.inTime, late: tally.late, void: tally.void }).toEqual({
      inTime: 0,
      late: tally.sent,
      void: 0,
    });
    expect(tally.examples[0]).toMatch(/^late: \d+ ms$/);
  });

  it('excuses late answers while the machine starves, but counts none of them as right; "is not a VIP" is never excused', async () => {
    time.isStarved = true;
    await answeredAfter(DEADLINE_MS + ALLOWANCE_MS + STEP_MS);
    const vips = [...tally.vips.values()].reduce((sum, { calls }) => sum + calls, 0);
    expect(vips).toBeGreaterThan(0);
    expect({ void: tally.void, right: tally.right, wrong: tally.wrong }).toEqual({
      void: tally.sent - vips,
      right: 0,
      wrong: vips,
    });
    expect(tally.void).toBeGreaterThan(0);
    expect(tally.rightOf('stranger')).toBe(0);
  });

  it("counts what is late by the clock on the wall, and not by the machine's, neither as late nor as in time", async () => {
    await answeredAfter(DEADLINE_MS, ALLOWANCE_MS + STEP_MS);
    const vips = [...tally.vips.values()].reduce((sum, { calls }) => sum + calls, 0);
    expect({ void: tally.void, late: tally.late - tally.wrong, right: tally.right }).toEqual({
      void: tally.sent - vips,
      late: 0,
      right: 0,
    });
  });

  it.each([
    ['lost', false],
    ['void while the machine starves', true],
  ])('gives up when Core would, and counts the call as %s', async (_, isStarved) => {
    const { ended } = await called();
    time.isStarved = isStarved;
    time.ms += CORE_PATIENCE_MS;
    await ended;
    const [counted, other] = isStarved ? [tally.void, tally.lost] : [tally.lost, tally.void];
    expect({ counted, other }).toEqual({ counted: tally.sent, other: 0 });
  });
});
