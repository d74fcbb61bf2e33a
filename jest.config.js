/** One runner for unit (`*.spec.ts`), contract (`*.contract.ts`) and end-to-end (`*.e2e-spec.ts`) tests. */
export default {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: [
    '**/*.spec.ts',
    '**/*.contract.ts',
    '**/*.e2e-spec.ts',
    // As the script writes them: they fail until they are filled in.
    '!**/test/fixtures/new-provider/src/providers/a*/**',
  ],
  testEnvironment: '<rootDir>/test/privacy/environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['js', 'ts', 'json', 'node'],
  moduleNameMapper: {
    '/crm-http\\.evaluator\\.fork\\.js$': '<rootDir>/test/support/evaluator-fork.ts',
    '/yaml-process\\.fork\\.js$': '<rootDir>/test/support/yaml-process-fork.ts',
    // TypeScript's `./x.js` is `./x.ts` here; a package's `data.json.js` is what it says.
    '^(\\.{1,2}/.*(?<!\\.json))\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': '@swc/jest' },
  setupFiles: ['reflect-metadata'],
  // Jest's own choice on two cores is one.
  maxWorkers: 2,
  // ES modules of past suites stay in memory, and a process that has much to give back takes longer to end than Jest waits (0.5 s).
  workerIdleMemoryLimit: '350MB',
  // Jest's own 0.5 s is over on a busy machine before a worker has given its memory back; one that leaves something open is still told of.
  workerGracefulExitTimeout: 60_000,
  testSequencer: '<rootDir>/test/support/sequencer.mjs',
  globalSetup: '<rootDir>/test/support/run-folder.mjs',
  // The one limit there is: a machine at a tenth of its speed is slow, and not red.
  testTimeout: 300_000,
};
