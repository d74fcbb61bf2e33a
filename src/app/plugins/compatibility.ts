import { basename, dirname, join, sep } from 'node:path';
import semver from 'semver';
import { OrdinaryFileError, readOrdinaryFileSync } from '../../common/ordinary-file.js';
import { VERSION } from '../../common/version.js';

const MAX_MANIFEST_BYTES = 1024 * 1024;
const OURS = 'smartrouting-vip';

/** The parts of a module's package.json that matter here. */
interface Manifest {
  readonly file: string;
  readonly name?: unknown;
  readonly version?: unknown;
  readonly peerDependencies?: Readonly<Record<string, unknown>>;
}

/**
 * Compares the versions of this service that a plug-in is written for, `peerDependencies` in its package.json, with
 * the one that runs. A package must name them; a file need not, because it is maintained with the installation.
 * @param name as written under `plugins:`
 * @param file the module that was found for it
 * @returns what is wrong, as a predicate, and what to do; `undefined` if nothing is
 * @throws SyntaxError when the package.json is not JSON
 */
export function incompatibility(name: string, file: string, isPackage: boolean): string | undefined {
  const manifest = manifestOf(file);
  const range = manifest?.peerDependencies?.[OURS];
  const example = `"peerDependencies": { "${OURS}": "^${VERSION}" }`;
  if (manifest === undefined || range === undefined) {
    return isPackage
      ? `does not say which versions of ${OURS} it is written for. Ask its author to add ${example} to its package.json, or add it yourself`
      : undefined;
  }
  if (typeof range !== 'string' || semver.validRange(range) === null) {
    return `names in ${manifest.file} a version of ${OURS} that is not a valid range. Write for example ${example}`;
  }
  // A release candidate of the service can be tried with existing plug-ins.
  if (semver.satisfies(VERSION, range, { includePrerelease: true })) return undefined;
  const version = typeof manifest.version === 'string' ? `(version ${manifest.version}) ` : '';
  const cure = isPackage
    ? `Install a version of ${name} for ${OURS} ${VERSION}, or run a ${OURS} ${range}`
    : `Try it with ${VERSION} and widen the range in ${manifest.file}, or run a ${OURS} ${range}`;
  return `${version}is written for ${OURS} ${range}, and this is ${VERSION}. ${cure}`;
}

/** The folder of the package that a module belongs to, with a separator at the end. */
export function packageFolderOf(module: string): string | undefined {
  const manifest = manifestOf(module);
  return manifest && dirname(manifest.file) + sep;
}

/**
 * The nearest one above the module that has a name; `undefined` when there is none.
 * @throws SyntaxError when it is not JSON
 */
function manifestOf(module: string): Manifest | undefined {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    const text = readIfThere(file);
    // A package.json without a name only says how the files of a folder are to be loaded.
    const manifest = text === undefined ? undefined : (JSON.parse(text) as Omit<Manifest, 'file'>);
    if (manifest?.name !== undefined) return { ...manifest, file };
    if (basename(folder) === 'node_modules' || folder === dirname(folder)) return undefined;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readOrdinaryFileSync(file, MAX_MANIFEST_BYTES).toString('utf8');
  } catch (error) {
    if (!(error instanceof OrdinaryFileError)) throw error;
    if (error.isMissing) return undefined;
    throw new OrdinaryFileError(`${file} ${error.message}`);
  }
}
