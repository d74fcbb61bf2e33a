import assert from 'node:assert/strict';
import { answers } from './contract.answers.js';
import { faults } from './contract.faults.js';
import { life } from './contract.life.js';
import { telling } from './contract.telling.js';
import { time } from './contract.time.js';
import type { ProviderHarness, TestRunner } from './harness.js';
import { prove } from './trial.js';
import type { Sentences } from './trial.js';

/**
 * Declares the contract test. Every provider must pass all of it; nothing can be switched off.
 * @param name of the provider, for the test's title
 * @param runner found automatically with Jest, Vitest and Mocha; `{ describe, it }` of others, such as `node:test`
 * @throws TypeError if no test runner is found, AssertionError if the harness lacks a start function and does not say why
 * @since 0.1.0
 */
export function describeVipLookupProvider(
  name: string,
  harness: ProviderHarness,
  runner: TestRunner = globalThis as unknown as TestRunner,
): void {
  if (typeof runner.describe !== 'function' || typeof runner.it !== 'function') {
    throw new TypeError(
      "give { describe, it } of your test runner as the third argument, for example from 'node:test'",
    );
  }
  assert.ok(
    harness.cannotBeHeld || harness.startHeld !== undefined,
    'give startHeld, or say in cannotBeHeld why there is nothing to wait for',
  );
  assert.ok(
    harness.cannotBeBroken || harness.startBroken !== undefined,
    'give startBroken, or say in cannotBeBroken why the backend cannot fail to give an answer',
  );
  runner.describe(`${name} keeps the contract of a VIP-lookup provider`, () => {
    const sentences: Sentences = {
      ...answers,
      ...faults(harness),
      ...time(harness),
      ...telling(harness),
      ...life(harness),
    };
    for (const [sentence, body] of Object.entries(sentences)) {
      runner.it(sentence, () => prove(harness, body));
    }
  });
}
