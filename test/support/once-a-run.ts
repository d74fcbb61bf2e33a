import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.js';

/** The folder of this run of the tests, test/support/run-folder.mjs. It goes when the run ends. */
function runFolder(): string {
  const folder = process.env['SMARTROUTING_TEST_RUN'];
  if (folder === undefined)
    throw new Error('only Jest has a folder for its run (jest.config.js, globalSetup)');
  return folder;
}

/** A new folder of a suite's own inside that of the run. */
export function folderOfRun(name: string): Promise<string> {
  return mkdtemp(join(runFolder(), `${name}-`));
}

/**
 * Makes something once for all suites of a run, when the first of them needs it; those that come meanwhile wait.
 * @param make fills the folder
 * @returns the folder
 */
export async function onceARun(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(runFolder(), name);
  const outcome = `${folder}.outcome`;
  if (!(await isFirst(folder))) {
    await eventually(() => existsSync(outcome));
    const failure = await readFile(outcome, 'utf8');
    if (failure !== '') throw new Error(`${name} could not be made by another suite: ${failure}`);
    return folder;
  }
  try {
    await make(folder);
  } catch (error) {
    await tell(outcome, String(error));
    throw error;
  }
  await tell(outcome, '');
  return folder;
}

async function isFirst(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Writes a file that nobody sees half written. */
async function tell(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
