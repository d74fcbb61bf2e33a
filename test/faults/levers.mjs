/**
 * Imported before the service itself (NODE_OPTIONS=--import): what the tests change about its surroundings while it runs.
 * At SIGUSR2 the settings are read anew from the file that FAULT_LEVERS names; what the clock says then is left in that of FAULT_CLOCK.
 *
 * It leaves the number of its process in the file that FAULT_PID names.
 *
 * - `clockMs`: how far the wall clock has jumped. Timers and `performance.now()` go on, as with a real jump.
 * - `dns`: "gone" makes every look-up fail, and leaves the file that FAULT_NAMES names. Otherwise names under `.test` are this
 *   machine.
 */
import dns from 'node:dns';
import { readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

writeFileSync(process.env.FAULT_PID, String(process.pid));

const settings = { clockMs: 0, dns: 'ok' };
process.on('SIGUSR2', () => {
  Object.assign(settings, JSON.parse(readFileSync(process.env.FAULT_LEVERS, 'utf8')));
  writeFileSync(process.env.FAULT_CLOCK, String(Date.now()));
});

const RealDate = Date;
globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(Date.now());
    else super(...given);
  }

  static now() {
    return RealDate.now() + settings.clockMs;
  }
};

function found(hostname, options) {
  if (settings.dns === 'gone') {
    writeFileSync(process.env.FAULT_NAMES, hostname);
    const error = new Error(`getaddrinfo EAI_AGAIN ${hostname}`);
    throw Object.assign(error, { code: 'EAI_AGAIN', syscall: 'getaddrinfo', hostname });
  }
  if (!hostname.endsWith('.test')) return undefined;
  const one = { address: '127.0.0.1', family: 4 };
  return options?.all ? [one] : one;
}

const { lookup } = dns;
const { lookup: lookupLater } = dns.promises;
dns.lookup = (hostname, options, callback) => {
  const answer = callback ?? options;
  let ours;
  try {
    ours = found(hostname, options);
  } catch (error) {
    process.nextTick(answer, error);
    return;
  }
  if (ours === undefined) lookup(hostname, options, callback);
  else if (Array.isArray(ours)) process.nextTick(answer, null, ours);
  else process.nextTick(answer, null, ours.address, ours.family);
};
dns.promises.lookup = async (hostname, options) => found(hostname, options) ?? lookupLater(hostname, options);
syncBuiltinESMExports();
