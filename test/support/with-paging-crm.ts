import { afterEach, beforeEach } from '@jest/globals';
import { startPagingCrm } from './paging-crm.js';
import type { PagingCrm } from './paging-crm.js';

/** For each test of a suite a CRM of its own, and an end to all that the test has begun, the last first. */
export function withPagingCrm(): { readonly crm: PagingCrm; readonly ending: (() => Promise<void>)[] } {
  const ending: (() => Promise<void>)[] = [];
  let crm: PagingCrm | undefined;
  beforeEach(async () => {
    const started = await startPagingCrm();
    ending.push(() => started.stop());
    crm = started;
  });
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end();
  });
  return {
    get crm() {
      if (crm === undefined) throw new Error('the CRM is there from the first beforeEach on');
      return crm;
    },
    ending,
  };
}
