import TestSequencer from '@jest/test-sequencer';

/** A short file that takes long. */
const FAULTS = /faults\.e2e-spec\.ts$/;
/** When lint and rules, which run beside the first suites, are mostly done. */
const PLACE = 12;

/**
 * Where Jest has not timed the suites yet, as in a fresh clone, it begins with the longest files; the fault suite would come last,
 * and be waited for while the other worker has nothing left to do.
 */
export default class Sequencer extends TestSequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const faults = sorted.findIndex(({ path }) => FAULTS.test(path));
    if (faults > PLACE) sorted.splice(PLACE, 0, ...sorted.splice(faults, 1));
    return sorted;
  }
}
