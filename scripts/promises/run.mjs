// Breaks promises of the service on purpose, one at a time, in a copy of the project, and says which test fails.
// Exit code 1 when one goes unnoticed. An argument is a pattern of the promises to try: npm run test:promises -- breaker
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PROMISES } from './promises.mjs';

const wanted = new RegExp(process.argv[2] ?? '', 'i');
const promises = PROMISES.filter(({ promise }) => wanted.test(promise));
if (promises.length === 0) throw new Error(`no promise matches ${wanted}`);

const copy = mkdtempSync(join(tmpdir(), 'smartrouting-promises-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
});
for (const file of tracked.split('\0').filter((name) => name !== '' && existsSync(name)))
  cpSync(file, join(copy, file));
symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));

/** @returns whether the tests are green, and the titles of those that are not */
function run(tests) {
  // Code that does not compile is still emitted, and the tests find it.
  spawnSync('node_modules/.bin/tsc', ['-b', 'tsconfig.build.json'], { cwd: copy });
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  // A broken promise may make a test wait for ever.
  const args = [
    'run',
    '--silent',
    'test:jest',
    '--',
    '--silent',
    '--testTimeout=120000',
    '--json',
    `--outputFile=${report}`,
  ];
  spawnSync('npm', [...args, ...tests], { cwd: copy, stdio: 'ignore' });
  const { success, numTotalTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  if (numTotalTests === 0) throw new Error(`no test in ${tests.join(', ')}`);
  const red = testResults.flatMap(({ name, assertionResults, message }) => {
    const titles = assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => fullName);
    const isBroken = titles.length === 0 && assertionResults.length === 0 && message !== '';
    return (isBroken ? ['cannot be run'] : titles).map((title) => `${name.slice(copy.length + 1)}: ${title}`);
  });
  return { isGreen: success, red };
}

const all = [...new Set(promises.flatMap(({ tests }) => tests))];
const unbroken = run(all);
if (!unbroken.isGreen) throw new Error(`red before anything was broken:\n${unbroken.red.join('\n')}`);

let unnoticed = 0;
for (const { promise, file, from, to, tests } of promises) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`);
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  const { isGreen, red } = run(tests);
  writeFileSync(path, source);
  if (isGreen) unnoticed++;
  const more = red.length > 1 ? ` (and ${red.length - 1} more)` : '';
  console.log(isGreen ? `UNNOTICED  ${promise}` : `red        ${promise}\n           ${red[0]}${more}`);
}
console.log(`${promises.length - unnoticed} of ${promises.length} broken promises were noticed`);
process.exitCode = unnoticed === 0 ? 0 : 1;
