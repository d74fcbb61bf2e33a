import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

interface Locked {
  readonly link?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Locked>;
};
const installed = Object.entries(packages).filter(([path, { link }]) => path !== '' && !link);

it('every package of the lock file is held to its content, wherever it is fetched from', () => {
  expect(installed.length).toBeGreaterThan(500);
  const loose = installed.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''));
  expect(loose.map(([path]) => path)).toEqual([]);
  const bound = installed.filter(([, { resolved }]) => resolved !== undefined);
  expect(bound.map(([path]) => path)).toEqual([]);
});
