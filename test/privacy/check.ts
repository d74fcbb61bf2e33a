import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkSuite } from './suite.js';
import type { SuiteReport } from './suite.js';
import { numbersIn } from './sources.js';

/** Suites, wherever they lie, that start no service, or only where it cannot be recorded, and why that is no loss. */
const NOTHING_TOLD: Readonly<Record<string, string>> = {
  'compose.e2e-spec.ts': 'looks at files',
  'new-provider.e2e-spec.ts': 'makes source files',
  'plugin-contract.e2e-spec.ts': 'asks providers without a service',
};
const MOST_SHOWN = 20;

/** Every suite of the end-to-end run. */
function suites(root: string): string[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.e2e-spec.ts'))
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .sort();
}

/** The sources of the tests: what numbers they use stands there. */
function sources(root: string, folder = 'test'): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|mjs|csv|json|ya?ml)$/.test(name) && !name.startsWith('privacy'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder that SMARTROUTING_TEST_RECORD named');
const root = process.cwd();
const written = [...new Set(sources(root).flatMap(numbersIn))];
const problems: string[] = [];
const reports: SuiteReport[] = [];
for (const suite of suites(root)) {
  const recorded = join(folder, suite.replaceAll('/', '~'));
  if (!existsSync(recorded)) {
    problems.push(`${suite}: was not recorded. Run all tests with SMARTROUTING_TEST_RECORD=${folder}.`);
    continue;
  }
  const report = checkSuite(suite, recorded, written);
  reports.push(report);
  problems.push(...report.problems);
  if (report.told === 0 && !Object.hasOwn(NOTHING_TOLD, basename(suite))) {
    problems.push(`${suite}: nothing that its services told was recorded. Start them by test/support.`);
  }
}

const sum = (of: (report: SuiteReport) => number): number =>
  reports.reduce((total, report) => total + of(report), 0);
const summary =
  `privacy: ${reports.length} suites, ${sum(({ told }) => told)} lines, answers and pages ` +
  `(${(sum(({ characters }) => characters) / 1e6).toFixed(1)} million characters), ` +
  `${sum(({ numbers }) => numbers)} numbers and ${sum(({ secrets }) => secrets)} secrets looked for: ` +
  (problems.length === 0 ? 'none found' : `${problems.length} problems`);
process.stdout.write(`${[...problems.slice(0, MOST_SHOWN), summary].join('\n')}\n`);
if (problems.length > 0) process.exitCode = 1;
