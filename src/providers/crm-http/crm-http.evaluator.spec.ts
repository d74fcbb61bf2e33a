import { afterEach, describe, expect, it, jest } from '@jest/globals';
import childProcess from 'node:child_process';
import { patient } from '../../../test/support/eventually.js';
import { Evaluator, LOOKUP_LIMITS, NotJsonError } from './crm-http.evaluator.js';

const open: Evaluator[] = [];
afterEach(() => {
  for (const evaluator of open.splice(0)) evaluator.close();
});

function evaluatorOf(record: string, more: { errorPath?: string } = {}): Evaluator {
  const evaluator = new Evaluator({ record, ...more }, 2 ** 20);
  open.push(evaluator);
  return evaluator;
}

/** What `record` yields, or the message of the failure. */
async function recordOf(evaluator: Evaluator, answer: unknown, limits = LOOKUP_LIMITS): Promise<unknown> {
  const body = new TextEncoder().encode(typeof answer === 'string' ? answer : JSON.stringify(answer));
  const options = ['errorPath', 'record'];
  return evaluator.evaluate(body, options, { caller: { e164: '+358501231234' } }, limits, patient()).then(
    ({ values }) => values['record'],
    (error: Error) => error.message,
  );
}

const PATIENT = { ...LOOKUP_LIMITS, maxTicks: 3_000 };
const many = (count: number): number[] => Array.from({ length: count }, (_, nth) => -nth);

describe('the process that reads answers', () => {
  it('yields what the expression makes of an answer, who is calling being known', async () => {
    const evaluator = evaluatorOf('contacts[phone = $caller.e164].{ "tier": tier }');
    const answer = { contacts: [{ phone: '+358501231234', tier: 'gold' }, { phone: '1' }] };
    expect(await recordOf(evaluator, answer)).toEqual({ tier: 'gold' });
    expect(await recordOf(evaluator, `\ufeff${JSON.stringify(answer)}`)).toEqual({ tier: 'gold' });
    expect(await recordOf(evaluator, {})).toBeUndefined();
  });

  it('is open when it can answer, and when it is closed before', async () => {
    const evaluator = evaluatorOf('tier');
    let isOpen = false;
    const opening = evaluator.open().then(() => (isOpen = true));
    await Promise.resolve();
    expect(isOpen).toBe(false);
    expect(await recordOf(evaluator, { tier: 'gold' })).toBe('gold');
    expect(isOpen).toBe(true);
    await opening;
    const closed = evaluatorOf('tier');
    const vain = closed.open();
    closed.close();
    await vain;
  });

  it('keeps a number as it is written if an exponent shows that its end is lost', async () => {
    const evaluator = evaluatorOf('{ "number": [phone, $string(phone), mobile], "tier": $string(size) }');
    expect(await recordOf(evaluator, '{ "phone": 3.58501E+11, "mobile": 358502000000, "size": 5 }')).toEqual({
      number: ['3.58501E+11', '3.58501E+11', 358502000000],
      tier: '5',
    });
  });

  it('tells what is not JSON', async () => {
    const body = new TextEncoder().encode('<!doctype html>');
    const asked = evaluatorOf('$').evaluate(body, ['record'], {}, LOOKUP_LIMITS, patient());
    await expect(asked).rejects.toThrow(NotJsonError);
  });

  it('asks errorPath first, and nothing more when that tells of an error', async () => {
    const evaluator = evaluatorOf('$error("not to be asked")', { errorPath: 'errors' });
    expect(await recordOf(evaluator, { errors: ['x'] })).toBe('the answer reports an error (errorPath)');
    expect(await recordOf(evaluator, { errors: [] })).toMatch(/^mapping: record failed/);
  });

  it.each([
    ['an endless loop', '($f := function($x) { $f($x) }; $f(1))', 'D1012'],
    // Its depth is limited, and its time; on a busy machine the time is over first.
    ['an endless recursion', '($f := function($x) { 1 + $f($x) }; $f(1))', 'D101[12]'],
    ['a huge list', '[1..9999999]', 'D2015'],
    ['its own $error', '$error("no contacts for " & phone)', 'D3137'],
    ['its own $assert', '$assert($exists(contacts), "shape of " & phone)', 'D3141'],
    ['a type that does not fit', 'phone * 2', 'T2001'],
    ['$eval, by a name that no check sees', '($e := $lookup({"x": $eval}, "x"); $e("1"))', 'T1006'],
  ])('fails with code and place, and nothing of the answer, at %s', async (_, expression, code) => {
    const outcome = await recordOf(evaluatorOf(expression), { phone: '+358501231234' });
    expect(outcome).toMatch(new RegExp(`^mapping: record failed at character \\d+ \\(${code}\\)$`));
  });

  it('fails where an expression yields more than a lookup can need', async () => {
    const outcome = await recordOf(evaluatorOf('$'), { name: 'x'.repeat(300_000) });
    expect(outcome).toBe('mapping: record yields more than 262144 characters');
  });

  // JSONata's own functions are not interrupted by its time limit.
  it.each([
    ['takes longer than 0.5 s', '$distinct(list)', { list: many(140_000) }],
    ['needs too much memory', '$sort(list)', { list: many(90_000) }],
    ['needs too much memory', '$pad("x", width)', { width: 300_000_000 }],
    [
      'needs too much memory',
      '($f := function($n, $s) { $n = 0 ? $uppercase($s) : $f($n - 1, $s & $s) }; $f(28, "x"))',
      {},
    ],
  ])('is ended where it %s (%s), and another one answers', async (reason, expression, answer) => {
    const evaluator = evaluatorOf(`$exists(tier) ? { "tier": tier } : { "tier": $string(${expression}) }`);
    expect(await recordOf(evaluator, { tier: 'gold' })).toEqual({ tier: 'gold' });
    const limits = { ...LOOKUP_LIMITS, maxTicks: reason.includes('memory') ? 3_000 : 5 };
    const [ended, ...others] = await Promise.all([
      recordOf(evaluator, answer, limits),
      recordOf(evaluator, { tier: 'silver' }, PATIENT),
      recordOf(evaluator, { tier: 'bronze' }, PATIENT),
    ]);
    expect(ended).toBe(`mapping: record ${reason} on this answer`);
    expect(others).toEqual([{ tier: 'silver' }, { tier: 'bronze' }]);
  });

  it('leaves out what nobody waits for any more', async () => {
    const evaluator = evaluatorOf('tier');
    const signal = AbortSignal.abort();
    const body = new TextEncoder().encode('{"tier":"gold"}');
    await expect(evaluator.evaluate(body, ['record'], {}, LOOKUP_LIMITS, signal)).rejects.toThrow(/^stopped/);
    const stop = new AbortController();
    const asked = evaluator.evaluate(body, ['record'], {}, LOOKUP_LIMITS, stop.signal);
    stop.abort();
    await expect(asked).rejects.toThrow(/^stopped/);
    expect(await recordOf(evaluator, { tier: 'gold' })).toBe('gold');
  });

  it('ends a process that is busy with what nobody waits for any more', async () => {
    const evaluator = evaluatorOf('$exists(tier) ? tier : $distinct(list)');
    await evaluator.open();
    const kill = jest.spyOn(childProcess.ChildProcess.prototype, 'kill');
    const stop = new AbortController();
    const body = new TextEncoder().encode(JSON.stringify({ list: many(140_000) }));
    const given = evaluator.evaluate(body, ['record'], {}, PATIENT, stop.signal);
    const other = recordOf(evaluator, { tier: 'gold' }, PATIENT);
    stop.abort();
    await expect(given).rejects.toThrow(/^stopped/);
    expect(await other).toBe('gold');
    expect(kill.mock.calls).toEqual([['SIGKILL']]);
    kill.mockRestore();
  });

  it('fails what is under way when it is closed', async () => {
    const evaluator = evaluatorOf('tier');
    const asked = [recordOf(evaluator, { tier: 'gold' }), recordOf(evaluator, { tier: 'gold' })];
    evaluator.close();
    expect(await Promise.all(asked)).toEqual(Array(2).fill('stopped before the answer was complete'));
    expect(await recordOf(evaluator, { tier: 'gold' })).toMatch(/^stopped/);
  });
});
