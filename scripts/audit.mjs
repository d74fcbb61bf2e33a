// Audits what is installed in production: licences against a list, and known advisories if the registry offers them.
// Exit code 1 for a licence that is not on the list, or an advisory of severity high or above.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** SPDX names of licences that require operators only to keep the notices. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);
/** Packages whose licence is in their readme only, not in package.json. */
const BY_README = { 'node_modules/pause': 'MIT' };
const REGISTRY_PATIENCE_MS = 30_000;
const SEVERE = ['high', 'critical'];

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const production = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
const problems = production.flatMap(([path, locked]) => {
  // Packages for other platforms are locked but not installed.
  const file = `${path}/package.json`;
  const manifest = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : locked;
  const licence = licenceOf(manifest) ?? locked.license ?? BY_README[path];
  return isAllowed(licence) ? [] : [`${path}: licence ${licence ?? 'not given'}`];
});
console.log(`licences: ${production.length} production packages, ${problems.length} not on the list`);

const advisories = await readAdvisories();
if (advisories.unchecked !== undefined) {
  console.log(`advisories: not checked, ${advisories.unchecked}`);
} else {
  const severe = advisories.found.filter(({ severity }) => SEVERE.includes(severity));
  problems.push(...severe.map(({ name, severity, range }) => `${name} ${range}: ${severity} advisory`));
  console.log(`advisories: ${advisories.found.length} packages, ${severe.length} of severity high or above`);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

/** Old packages write an object, or a list of them. */
function licenceOf({ license, licenses }) {
  const given = license ?? licenses;
  const names = [given].flat().map((one) => (typeof one === 'object' ? one?.type : one));
  return names.every((name) => typeof name === 'string') ? names.join(' OR ') : undefined;
}

/** An SPDX expression without nesting: one of those joined by OR, all of those joined by AND. */
function isAllowed(expression = '') {
  const words = expression.replace(/^\((.*)\)$/, '$1');
  return words
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((name) => ALLOWED.has(name.trim())));
}

/** npm fails both for advisories and when the registry does not answer; its output says which. */
async function readAdvisories() {
  const output = await promisify(execFile)('npm', ['audit', '--omit=dev', '--json'], {
    timeout: REGISTRY_PATIENCE_MS,
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    ({ stdout }) => stdout,
    (error) => error.stdout || '{}',
  );
  let report;
  try {
    report = JSON.parse(output);
  } catch (error) {
    return { unchecked: `npm audit did not answer in JSON (${error.name})` };
  }
  if (report.vulnerabilities === undefined) {
    return { unchecked: `the registry does not offer it (${report.message ?? 'no answer in time'})` };
  }
  return { found: Object.values(report.vulnerabilities) };
}
