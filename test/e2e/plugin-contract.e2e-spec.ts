import { describe, expect, it } from '@jest/globals';
import { Program } from '../support/process.js';

interface Run {
  /** Sentence of the contract -> what failed. */
  readonly correct: Readonly<Record<string, string | null>>;
  readonly bugs: readonly {
    readonly bug: string;
    /** The sentence that must fail. */
    readonly fails: string;
    readonly message: string | null;
  }[];
}

// Processes of their own: they have to notice rejections that Jest would take for faults of this test.
const LANES = 3;
const runs = await Promise.all(
  Array.from({ length: LANES }, async (_, lane): Promise<Run> => {
    const program = new Program('test/fixtures/contract/run.mjs', [String(lane), String(LANES)]);
    const { code, stdout, stderr } = await program.finished;
    if (code !== 0) throw new Error(`the contract could not be run (${code}): ${stderr}`);
    return JSON.parse(stdout) as Run;
  }),
);
const { correct } = runs[0]!;
const bugs = runs.flatMap((run) => run.bugs);

describe('the contract test for plug-ins', () => {
  it('passes a correct provider', () => {
    expect(Object.entries(correct).filter(([, message]) => message !== null)).toEqual([]);
    expect(Object.keys(correct).length).toBeGreaterThan(15);
    expect(bugs.length).toBeGreaterThan(35);
  });

  it.each(bugs)('catches $bug: it $fails', ({ message }) => {
    expect(message).toEqual(expect.any(String));
    expect(message).not.toMatch(/^(hangs|no such sentence)$/);
  });

  it('has no sentence that no bug breaks', () => {
    const broken = new Set(bugs.map(({ fails }) => fails));
    expect(Object.keys(correct).filter((sentence) => !broken.has(sentence))).toEqual([]);
  });
});
