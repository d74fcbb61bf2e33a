import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import semver from 'semver';
import { parse } from 'yaml';

const read = (file: string): string => readFileSync(file, 'utf8');
const [, testCommand] = /To run the tests:\n\n {4}(.+)\n/.exec(read('README.md'))!;

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Record<
    string,
    { strategy?: { matrix: { node: number[] } }; steps: { uses?: string; run?: string }[] }
  >;
}

describe('every push', () => {
  const tests = parse(read('.github/workflows/tests.yaml')) as Workflow;
  const image = parse(read('.github/workflows/image.yaml')) as Workflow;

  it('is tested by the command of the README, as by .ci/run, on each Node.js that is supported', () => {
    const { strategy, steps } = tests.jobs['tests']!;
    expect(steps.at(-1)!.run).toBe(testCommand);
    expect(read('.ci/run').trimEnd().split('\n').at(-1)).toBe(testCommand);
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const supported = [20, 22, 24, 26];
    expect(strategy!.matrix.node).toEqual(supported);
    for (const major of supported) expect(semver.satisfies(`${major}.99.0`, engines.node)).toBe(true);
  });

  it('builds the image', () => {
    const commands = image.jobs['image']!.steps.map(({ run }) => run);
    expect(commands).toContain('docker build --build-arg COMMIT=$GITHUB_SHA --tag smartrouting-vip .');
  });

  it('gets no right to write, nor another action than those of GitHub itself', () => {
    for (const { permissions, jobs } of [tests, image]) {
      expect(permissions).toEqual({ contents: 'read' });
      const used = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
      expect(used.filter((action) => !/^actions\/[\w-]+@v\d+$/.test(action))).toEqual([]);
    }
  });
});
