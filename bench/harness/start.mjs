// How the service and the baselines are started.
import { transformFileSync } from '@swc/core';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { numberAt, settings } from './call.mjs';
import { folder } from './children.mjs';
import { Subject } from './subject.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BASELINES = join(ROOT, 'bench/baselines');
/** The service under test, and the modules that baselines use for reading numbers and finding records. */
export const DIST = resolve(process.env.BENCH_DIST ?? join(ROOT, 'dist'));
/** Another build of the service, to compare with. */
export const DIST_B = process.env.BENCH_DIST_B && resolve(process.env.BENCH_DIST_B);

/** Subjects have the first core to themselves; load and databases share the second. */
export const SUBJECT_CORE = '0';
export const LOAD_CORE = '1';

/** Writes a list of VIPs, one tier. @returns its path */
export function writeList({ count, step }) {
  const path = join(folder, `vips-${count}.csv`);
  const rows = ['number,tier\n'];
  writeFileSync(path, '');
  for (let i = 0; i < count; i++) {
    rows.push(`${numberAt(i, step)},gold\n`);
    if (rows.length === 100_000) writeFileSync(path, rows.splice(0).join(''), { flag: 'a' });
  }
  writeFileSync(path, rows.join(''), { flag: 'a' });
  return path;
}

/** @param provider the provider `list`; `how` may have `dist`, `env`, `nodeArgs`, `cores`, `startMs`, `credentials`, `server` */
export function startService(
  name,
  provider,
  { dist = DIST, env = {}, cores = SUBJECT_CORE, credentials = settings.credentials, server, ...how } = {},
) {
  const { path, country, targets } = settings;
  const config = {
    server: { path, ...server },
    country,
    credentials,
    targets,
    providers: { list: provider },
  };
  const file = join(folder, `smartrouting-${provider.kind}-${name.replace(/\W+/g, '-')}.yaml`);
  writeFileSync(file, JSON.stringify(config, null, 2)); // JSON is YAML
  return Subject.start({
    name,
    script: join(dist, 'main.js'),
    cores,
    env: {
      HOST: '127.0.0.1',
      SMARTROUTING_CONFIG: file,
      DATABASE_URL: `sqlite:${join(folder, 'bench.sqlite')}`,
      ...env,
    },
    ...how,
  });
}

/** @param file in bench/baselines; TypeScript is compiled as Nest's own tools do, with decorator metadata */
export function startBaseline(name, file, env = {}, cores = SUBJECT_CORE) {
  return Subject.start({
    name,
    script: file.endsWith('.ts') ? compile(file) : join(BASELINES, file),
    cores,
    env: { BENCH_DIST: DIST, BENCH_SETTINGS: JSON.stringify(settings), ...env },
  });
}

function compile(file) {
  const { code } = transformFileSync(join(BASELINES, file), {
    swcrc: true,
    configFile: join(ROOT, '.swcrc'),
    sourceMaps: false,
  });
  const home = join(folder, 'compiled');
  mkdirSync(home);
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'));
  symlinkSync(join(BASELINES, 'work.mjs'), join(home, 'work.mjs'));
  const compiled = join(home, file.replace(/\.ts$/, '.mjs'));
  writeFileSync(compiled, code);
  return compiled;
}
