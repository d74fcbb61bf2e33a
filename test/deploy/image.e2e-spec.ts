import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { validate } from 'dockerfile-utils';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { satisfies } from 'semver';
import { API_KEY, imageEnvironment, mounted, ROOT } from './files.js';
import { recorder } from '../support/process.js';
import { ask } from '../support/ask.js';

const run = promisify(execFile);
const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
const stages = dockerfile.split(/^FROM /m).slice(1);
const final = stages.at(-1)!;

/** Node as the image runs it: no rights beyond those of the files; root's right to write everywhere is taken away. */
const node = (args: readonly string[]): readonly [string, readonly string[]] =>
  process.getuid!() === 0
    ? ['setpriv', ['--bounding-set=-all', '--inh-caps=-all', process.execPath, ...args]]
    : [process.execPath, args];

describe('the Dockerfile', () => {
  it('is one that Docker understands', () => {
    expect(validate(dockerfile).map(({ message }) => message)).toEqual([]);
  });

  it('builds on a Node that the service supports, a line with long-term support', async () => {
    const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const major = Number(/^ARG NODE_IMAGE=docker\.io\/library\/node:(\d+)-/m.exec(dockerfile)?.[1]);
    expect(major % 2).toBe(0);
    expect(satisfies(`${major}.999.0`, engines.node)).toBe(true);
    expect(stages.every((stage) => stage.startsWith('${NODE_IMAGE}'))).toBe(true);
  });

  it('copies only what .dockerignore lets through, and .dockerignore lets nothing else through', async () => {
    const ignore = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).split('\n');
    const allowed = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from]) =>
      from!.split(' '),
    );
    expect(ignore).toContain('*');
    expect([...new Set(copied)].sort()).toEqual(allowed.sort());
  });

  it('ends with a user who is not root, named by number', () => {
    expect(/^USER (.+)$/m.exec(final)?.[1]).toBe('1000:1000');
  });
});

describe('what the image holds', () => {
  let app: string;
  let data: string;
  let configuration: { folder: string; file: string };

  beforeAll(async () => {
    app = await mkdtemp(join(tmpdir(), 'smartrouting-image-'));
    data = await mkdtemp(join(tmpdir(), 'smartrouting-image-data-'));
    const [config, list] = await Promise.all(
      ['smartrouting.yaml', 'vips.csv'].map((name) =>
        readFile(join(ROOT, 'deploy/compose/config', name), 'utf8'),
      ),
    );
    configuration = await mounted({ 'smartrouting.yaml': config!, 'vips.csv': list! }, '/run/secrets');
    for (const [, from, to] of final.matchAll(/^COPY (?!--from)(.+) (\S+)$/gm))
      for (const one of from!.split(' '))
        await cp(join(ROOT, one), join(app, to === './' ? one : to!), { recursive: true });
    await cp(join(ROOT, 'dist'), join(app, 'dist'), { recursive: true });
    const packages = ['-R', '--parents', ...(await productionPackages()), app];
    // Links are made at once, where it is one file system; their modes are those of the project's files.
    await run('cp', ['-l', ...packages], { cwd: ROOT }).catch(() => run('cp', packages, { cwd: ROOT }));
    await prune();
    const linked = /\bln -s \/var\/lib\/smartrouting (\S+)$/m.exec(final)?.[1];
    await symlink(data, join(app, linked!));
    await run('find', [app, '-type', 'd', '-exec', 'chmod', 'a-w', '{}', '+']);
  });
  afterAll(async () => {
    await run('find', [app, '-type', 'd', '-exec', 'chmod', 'u+w', '{}', '+']);
    for (const folder of [app, data, configuration.folder]) await rm(folder, { recursive: true });
  });

  /** What `npm ci --omit=dev` installs, by the lock file. */
  async function productionPackages(): Promise<string[]> {
    const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean }>;
    };
    const wanted = Object.entries(lock.packages)
      .filter(([path, { dev }]) => /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && !dev)
      .map(([path]) => path);
    const there = await Promise.all(
      wanted.map((path) =>
        readFile(join(ROOT, path, 'package.json')).then(
          () => path,
          () => undefined, // an optional package of another platform
        ),
      ),
    );
    return there.filter((path) => path !== undefined);
  }

  /** What the stage that installs the packages runs after npm. */
  async function prune(): Promise<void> {
    const [, script] = /^RUN npm ci --omit=dev --ignore-scripts .*&& node (\S+)$/m.exec(dockerfile)!;
    const lock = join(app, 'package-lock.json');
    await cp(join(ROOT, 'package-lock.json'), lock);
    await run(process.execPath, [join(ROOT, script!)], { cwd: app });
    await rm(lock);
  }

  it('has no package of the development, and one binary of libsql', async () => {
    const packages = await readdir(join(app, 'node_modules'));
    expect(packages).toEqual(expect.arrayContaining(['@nestjs', 'typeorm', 'libsql']));
    expect(packages.filter((name) => /^(?:typescript|redis|jest|eslint|tsx)$/.test(name))).toEqual([]);
    for (const scope of ['@redis', '@swc', '@jest'])
      expect(await readdir(join(app, 'node_modules', scope)).catch(() => [])).toEqual([]);
    expect(await readdir(join(app, 'node_modules/@libsql'))).toHaveLength(1);
  });

  it('starts from a folder that it cannot write to, keeps its database in the volume, answers, is healthy, and ends with 0', async () => {
    await expect(
      run(...(node(['-e', 'require("node:fs").writeFileSync("x", "")']) as [string, string[]]), { cwd: app }),
    ).rejects.toThrow(/EACCES|EROFS/);
    const env = {
      ...(await imageEnvironment()),
      PATH: process.env['PATH'],
      TMPDIR: '/nonexistent',
      SMARTROUTING_CONFIG: configuration.file,
      PORT: '0',
      HOST: '127.0.0.1',
    };
    const child = spawn(...(node([...recorder(), 'dist/main.js']) as [string, string[]]), { cwd: app, env });
    try {
      const ended = once(child, 'exit');
      let errors = '';
      child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      const url = await new Promise<string>((resolve, reject) => {
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          const found = /"url":"(http:[^"]+)"/.exec(output)?.[1];
          if (found !== undefined) resolve(found);
        });
        void ended.then(() => reject(new Error(`ended:\n${output}${errors}`)));
      });
      const answer = await ask(url, {
        method: 'POST',
        headers: { 'X-Benemen-APIKey': API_KEY, 'Content-Type': 'application/json' },
        body: { anum: '+358501231234', bnum: '+358942415000', targetid: 'SALES_QUEUE' },
      });
      expect(answer.json).toEqual({ InitialTarget: 'VIP_SALES', ExtraPriority: 50 });
      const page = await ask(new URL('/docs-json', url).href);
      expect([page.status, page.json]).toMatchObject([200, { openapi: expect.any(String) }]);
      expect(await readdir(data)).toContain('smartrouting.sqlite');
      const check = (path: string): Promise<unknown> =>
        run(process.execPath, ['healthcheck.mjs'], {
          cwd: app,
          env: { HEALTHCHECK_URL: new URL(path, url).href },
        });
      await check('/health/ready');
      // Without an address it is the container's own port.
      const { port } = new URL(url);
      await run(process.execPath, ['healthcheck.mjs'], { cwd: app, env: { PORT: port } });
      await run(process.execPath, ['healthcheck.mjs'], {
        cwd: app,
        env: { PORT: '9', MANAGEMENT_PORT: port },
      });
      await expect(check('/nothing')).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('HTTP 404'),
      });
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(errors).toBe('');
    } finally {
      child.kill('SIGKILL');
    }
  });
});
