import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoadMeter } from '../observability/load-meter.js';
import { createLogger } from '../observability/logger.js';
import type { MetricsService } from '../observability/metrics.service.js';
import type { Tracing } from '../observability/tracing.js';
import { DecisionListeners } from './decision-listeners.js';
import type { Outcome } from './decision-listeners.js';
import type { Decision } from './decision.js';
import { RoutingController } from './routing.controller.js';
import type { RoutingService } from './routing.service.js';

const BODY = { anum: '+358501231234', bnum: null, extradata: { CallId: 'call-1' } };
const DECISION: Decision = { reason: 'no-match', target: 'Q', reports: [] };
const NOT_USABLE = 'the body is not usable';

/** What the service does with a call. */
let decide: () => Promise<Decision>;
let mustShed = false;
/** What listeners were told, and whether the answer was on its way by then. */
const told: [Outcome, isAnswered: boolean][] = [];
const lines: Record<string, unknown>[] = [];
const logger = createLogger(
  { level: 'info', numbers: 'masked' },
  { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
);
const listeners = new DecisionListeners(logger);
const controller = new RoutingController(
  { decide: () => decide() } as unknown as RoutingService,
  listeners,
  {} as MetricsService,
  { mustShed: () => mustShed, enter: () => undefined, leave: () => undefined } as unknown as LoadMeter,
  {} as Tracing,
);
const server = createServer((request, response) => {
  current = response as Response;
  const client = { id: 'core', targets: undefined };
  const admission = { client, config: { targets: new Map(), country: 'FI' }, arrivedMs: performance.now() };
  // In the place of Nest, whose filter answers what is refused.
  controller.route(admission, request as Request, current).catch(() => response.writeHead(400).end());
});
let current: Response;

beforeAll(async () => {
  listeners.add({
    told(): never {
      throw new Error('a full disk');
    },
  });
  listeners.add({ told: (outcome) => void told.push([outcome, current.writableEnded]) });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());

async function post(body: unknown): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const options = { method: 'POST', headers: { connection: 'close' }, body: JSON.stringify(body) };
  const type = { 'content-type': 'application/json' };
  return (await fetch(`http://127.0.0.1:${port}`, { ...options, headers: { ...options.headers, ...type } }))
    .status;
}

it('tells listeners of each request once its answer is sent; one that fails costs neither the call nor the others', async () => {
  decide = async () => DECISION;
  expect(await post(BODY)).toBe(204);
  decide = async () => ({ ...DECISION, reason: 'matched', json: '{"ExtraPriority":5}' });
  expect(await post(BODY)).toBe(200);
  decide = () => Promise.reject(new Error('a defect'));
  expect(await post(BODY)).toBe(204);
  expect(await post({ ...BODY, anum: 7 })).toBe(400);
  mustShed = true;
  expect(await post(BODY)).toBe(204);

  const common = { client: { id: 'core', targets: undefined }, callId: 'call-1', ms: expect.any(Number) };
  const call = { anum: '+358501231234', bnum: undefined, targetid: undefined };
  expect(told.map(([outcome]) => outcome)).toEqual([
    { ...common, reason: 'no-match', status: 204, call: expect.objectContaining(call), decision: DECISION },
    expect.objectContaining({ ...common, reason: 'matched', status: 200 }),
    { ...common, reason: 'lookup-failed', status: 204, defect: new Error('a defect') },
    {
      ...common,
      reason: 'invalid-request',
      status: 400,
      refusal: expect.objectContaining({ message: NOT_USABLE }),
    },
    { ...common, callId: expect.stringMatching(/^req-/), reason: 'overloaded', status: 204 },
  ]);
  expect(told.every(([, isAnswered]) => isAnswered)).toBe(true);
  expect(lines.map(({ level, msg, callId }) => [level, msg, callId])).toEqual(
    told.map(([{ callId }]) => ['error', 'decision was not recorded', callId]),
  );
});
