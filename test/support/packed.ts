import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** What `npm pack` made of a package. */
export interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

interface Manifest {
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Packs a package as it is for publishing; it must be built. */
export async function pack(folder: string, destination: string): Promise<Packed> {
  // Building again would change files that other tests use.
  const options = ['--json', '--ignore-scripts', '--offline', '--pack-destination', destination];
  const { stdout } = await run('npm', ['pack', ...options], { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  return (JSON.parse(stdout) as [Packed])[0];
}

/** Where a packed package lies once it is installed. */
export const packedHome = (site: string, name = 'smartrouting-vip'): string =>
  join(site, 'node_modules', name);

export async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Installs a packed package as npm would, but with the packages that it needs taken from those of this project.
 * @param site has the file of `pack`
 */
export async function install({ name, filename }: Packed, site: string): Promise<void> {
  const home = packedHome(site, name);
  await mkdir(home, { recursive: true });
  await run('tar', ['-xzf', join(site, filename), '-C', home, '--strip-components=1']);
  const { bin = {}, dependencies = {} } = await manifestOf(home);
  await linkInstalled(Object.keys(dependencies), site);
  for (const [command, script] of Object.entries(bin)) {
    const link = join(site, 'node_modules/.bin', command);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join('..', name, script), link);
  }
}

/** Lets a folder find packages that this project has; what is not named there, is not found. */
export async function linkInstalled(names: readonly string[], site: string): Promise<void> {
  for (const name of names) {
    const link = join(site, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
