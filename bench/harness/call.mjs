// The call that all groups send, the callers, and what the service is configured to do about them.
import { readFileSync } from 'node:fs';

export const PATH = '/smartrouting';
export const KEY = 'bench-key-0123456789abcdef';
/** Every number is this and seven digits. */
const PREFIX = '+35840';
const ALL_NUMBERS = 10_000_000;
export const INSTRUCTIONS = { InitialTarget: 'VIP_SALES', ExtraPriority: 20 };
export const settings = {
  path: PATH,
  country: 'FI',
  credentials: [
    { id: 'bench', apiKey: KEY },
    { id: 'bench-basic', username: 'bench', password: 'bench-password-0123456789' },
  ],
  targets: { SALES_QUEUE: { providers: ['list'], routes: [{ tier: 'gold', instructions: INSTRUCTIONS }] } },
};

const fixture = JSON.parse(
  readFileSync(new URL('../../test/fixtures/calls/with-extradata.json', import.meta.url), 'utf8'),
);
export const CALL = { ...fixture, extradata: { ...fixture.extradata, DYN_Menu: '2' } };
/** A call with ####### for the caller's last seven digits. */
export const BODY = JSON.stringify({ ...CALL, anum: `${PREFIX}#######` });
export const VIP = `${PREFIX}0000000`;

/** `count` numbers spread evenly over all that there can be; `callers` of them ask. */
export function numbers(count, callers = Math.min(count, 1_000)) {
  const step = ALL_NUMBERS / count;
  return { count, step, load: { callers, step: step * Math.floor(count / callers) } };
}

export function numberAt(index, step) {
  return PREFIX + String(index * step).padStart(7, '0');
}
