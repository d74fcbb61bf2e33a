import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KEY, RunningService } from '../support/service.js';

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start({
    'vips.csv': 'number,tier,name\n+358501231234,gold,Aino\n+3589*,silver,\n',
    'smartrouting.yaml': `
country: FI
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  own: { kind: database }
targets:
  SALES_QUEUE:
    providers: [list, own]
    routes:
      - { when: { DYN_x: [a, b] }, instructions: { Tts: "{{ name }} {{ call.extradata.DYN_y }}" } }
      - { instructions: { ExtraPriority: 5 } }
  default: { providers: [list, own], routes: [{ instructions: { ExtraPriority: 1 } }] }
logging: { level: silent }
`,
  });
});
afterAll(() => service.stop());

const anyCall = fc.record(
  {
    anum: fc.oneof(
      fc.constantFrom('+358501231234', '+35891', 'anonymous', ''),
      fc.string({ unit: 'binary' }),
      fc.jsonValue(),
    ),
    bnum: fc.oneof(fc.string(), fc.jsonValue()),
    targetid: fc.oneof(
      fc.constantFrom('SALES_QUEUE', '__proto__', 'constructor'),
      fc.string(),
      fc.jsonValue(),
    ),
    extradata: fc.oneof(
      fc.dictionary(
        fc.oneof(fc.constantFrom('DYN_x', 'DYN_y', '__proto__', 'CallId'), fc.string()),
        fc.jsonValue(),
      ),
      fc.jsonValue(),
    ),
  },
  { requiredKeys: [] },
);

async function expectAnAnswer(body: string | Buffer): Promise<void> {
  const answer = await service.call(body);
  expect([200, 204, 400, 413]).toContain(answer.status);
  expect(answer.headers['x-smartrouting-reason']).toBeDefined();
  if (answer.status === 204) expect(answer.body).toBe('');
  else expect(answer.json).toBeInstanceOf(Object);
}

describe('whatever Core sends', () => {
  it('any JSON value gets an answer, never a 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyCall, fc.jsonValue()), (body) => expectAnAnswer(JSON.stringify(body))),
      { numRuns: 400 },
    );
  }, 120_000);

  it('any bytes get an answer, never a 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => expectAnAnswer(Buffer.from(bytes))),
      { numRuns: 200 },
    );
  }, 120_000);
});
