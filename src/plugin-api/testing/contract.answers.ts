import assert from 'node:assert/strict';
import { Caller } from '../caller.js';
import { HOSTILE_TEXTS, hostileWith } from './samples.js';
import { covers, recordsOf } from './shapes.js';
import type { Sentences } from './trial.js';

const CALLS_AT_ONCE = 40;

/** What a lookup answers while its backend is healthy. */
export const answers: Sentences = {
  async 'finds a known VIP'(trial) {
    const { provider, known } = await trial.up();
    const [record] = recordsOf(await trial.ask(provider, known.number));
    assert.deepEqual({ ...record, ...known.record }, record);
    const { key } = Caller.read(known.number, trial.country);
    assert.ok(covers(record!, key), 'the number of the record is the E.164 number asked for, or its range');
  },

  async 'finds a known VIP however the call writes the number'(trial) {
    const { provider, known } = await trial.up();
    const caller = Caller.read(known.number, trial.country);
    for (const text of caller.spellings()) {
      // `501231234` is a different number, not the VIP's.
      if (Caller.read(text, trial.country).key !== caller.key) continue;
      recordsOf(await trial.ask(provider, text));
    }
  },

  async 'finds the same VIP by many calls at once'(trial) {
    const { provider, known, unknown } = await trial.up();
    const answered = await Promise.all(
      Array.from({ length: CALLS_AT_ONCE }, (_, i) =>
        trial.ask(provider, i % 2 === 1 ? known.number : unknown),
      ),
    );
    assert.deepEqual(
      answered.map((answer) => answer !== null),
      answered.map((_, i) => i % 2 === 1),
    );
  },

  async 'answers null for a caller that the backend does not list'(trial) {
    const { provider, unknown } = await trial.up();
    assert.equal(await trial.ask(provider, unknown), null);
  },

  async 'takes nobody for the VIP whose number is merely similar'(trial) {
    const { provider, known } = await trial.up();
    for (const number of similarTo(Caller.read(known.number, trial.country))) {
      assert.equal(await trial.ask(provider, number), null, `null for ${number}`);
    }
  },

  async 'takes hostile text as text'(trial) {
    const { provider, known } = await trial.up();
    const { key } = Caller.read(known.number, trial.country);
    for (const text of [...HOSTILE_TEXTS, ...hostileWith(key)]) {
      if (Caller.read(text, trial.country).key === key) continue;
      assert.equal(await trial.ask(provider, text), null, `null for ${JSON.stringify(text.slice(0, 40))}`);
    }
    assert.notEqual(await trial.ask(provider, known.number), null, 'the known VIP is still found afterwards');
  },
};

/** Numbers that a search for parts of a number, or for national numbers, would confuse with the caller's. */
function similarTo(caller: Caller): string[] {
  const { e164 } = caller;
  if (e164 === undefined) return [];
  const significant = caller.spell('significant') ?? '';
  const abroad = e164.startsWith('+46') ? '+47' : '+46';
  const lastDigit = (Number(e164.at(-1)) + 1) % 10;
  return [`${e164}7`, e164.slice(0, -1), `${e164.slice(0, -1)}${lastDigit}`, abroad + significant];
}
