/**
 * Sees to the programs that the tests start: MariaDB with Galera, PostgreSQL, Redis, openssl, HAProxy, nginx, promtool and
 * systemd-analyze, as Debian and Ubuntu package them. Installs them where that can be done without asking; otherwise says what to type, and fails. The packages' own services are never started.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PROGRAMS = [
  ...[
    'mariadbd',
    'mariadb-install-db',
    'libgalera_smm.so',
    'rsync',
    'socat',
    'lsof',
    'redis-server',
    'openssl',
    'postgres',
    'initdb',
  ],
  ...['haproxy', 'nginx', 'promtool', 'systemd-analyze'],
];
const PACKAGES =
  'mariadb-server galera-4 rsync socat lsof redis-server openssl postgresql haproxy nginx-light prometheus systemd';
const FOLDERS = [
  ...process.env.PATH.split(delimiter),
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/libexec',
  '/usr/lib/galera',
];
const POSTGRES = '/usr/lib/postgresql';
const BY_HAND = `sudo apt-get install -y --no-install-recommends ${PACKAGES}`;
/** A policy of 101 tells Debian's packages to start nothing. */
const INSTALL = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends ${PACKAGES}
`;

/** Debian keeps the server's programs of each version of PostgreSQL in a folder of its own. */
const postgresFolders = () =>
  existsSync(POSTGRES) ? readdirSync(POSTGRES).map((version) => join(POSTGRES, version, 'bin')) : [];
const find = (program) =>
  [...FOLDERS, ...postgresFolders()].map((folder) => join(folder, program)).find(existsSync);
const missing = () => PROGRAMS.filter((program) => find(program) === undefined);
const run = (program, args, stdio) => spawnSync(program, args, { stdio }).status === 0;

function versions() {
  const told = (program, pattern) => {
    const { stdout } = spawnSync(find(program), ['--version'], { encoding: 'utf8' });
    return pattern.exec(stdout)?.[1] ?? 'unknown';
  };
  return `MariaDB ${told('mariadbd', /Ver (\S+)/)}, PostgreSQL ${told('postgres', /\) (\S+)/)} and Redis ${told('redis-server', /v=(\S+)/)}`;
}

function fail(reason) {
  console.error(
    `Test servers: ${reason}. The tests start servers of their own; install them with: ${BY_HAND}`,
  );
  process.exit(1);
}

if (missing().length === 0) {
  console.log(`Test servers: ${versions()} are installed.`);
} else {
  const isRoot = process.getuid?.() === 0;
  if (!existsSync('/etc/debian_version')) fail(`${missing().join(' and ')} not found`);
  if (!isRoot && !run('sudo', ['-n', 'true'], 'ignore')) {
    fail(`${missing().join(' and ')} not found, and installing needs a password`);
  }
  const [program, args] = isRoot ? ['sh', ['-c', INSTALL]] : ['sudo', ['-n', 'sh', '-c', INSTALL]];
  // apt's own output matters only when it fails, and then it goes to standard error.
  if (!run(program, args, ['ignore', 'ignore', 'inherit'])) fail('the packages could not be installed');
  if (missing().length > 0) fail(`the packages were installed, yet ${missing().join(' and ')} not found`);
  console.log(`Test servers: ${versions()} were installed; their services were not started.`);
}
