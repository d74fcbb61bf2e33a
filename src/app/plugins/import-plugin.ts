import { resolve as resolveImport } from 'import-meta-resolve';
import { realpathSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { register } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { incompatibility, packageFolderOf } from './compatibility.js';
import { inBrackets, PluginProblem, readThrown } from './thrown.js';
import { notOrdinary } from '../../common/ordinary-file.js';

/**
 * Finds, checks and imports a plug-in.
 * @param name npm package, or path of a module that starts with `.` or `/`
 * @param directory where relative paths and packages are searched for
 * @returns `home`, as in `PluginOrigin`, and what it exports
 * @throws PluginProblem
 */
export async function importPlugin(name: string, directory: string) {
  const isPackage = !(name.startsWith('.') || isAbsolute(name));
  let file: string;
  let misfit: string | undefined;
  let exports: Record<string, unknown> = {};
  try {
    const url = isPackage
      ? resolveImport(name, pathToFileURL(join(directory, 'plugins.js')).href)
      : pathToFileURL(resolve(directory, name)).href;
    file = fileURLToPath(url);
    const found = statSync(file, { throwIfNoEntry: false });
    misfit = (found && notOrdinary(found)) ?? incompatibility(name, file, isPackage);
    // An incompatible plug-in may fail in any way, and its error would not name the reason.
    if (misfit === undefined) exports = (await import(url)) as Record<string, unknown>;
  } catch (error) {
    const thrown = readThrown(error);
    throw new PluginProblem(
      `cannot be imported${inBrackets(thrown)}. ${cure(thrown.kind, isPackage, directory)}`,
      { cause: error },
    );
  }
  if (misfit !== undefined) throw new PluginProblem(misfit);
  // Stacks contain the real path: folders may be links, and in a mounted ConfigMap they always are.
  const real = realpathSync(file);
  return { home: (isPackage ? packageFolderOf(real) : undefined) ?? real, file, exports };
}

function cure(kind: string | undefined, isPackage: boolean, directory: string): string {
  switch (kind ?? '') {
    case 'ERR_MODULE_NOT_FOUND':
      return isPackage
        ? `Install it and its dependencies where Node finds them from ${directory} (npm install), or name a file by a path that starts with ./`
        : "Name a compiled .js or .mjs file by a path that starts with ./ from the configuration's folder; the packages that it imports must be installed where Node finds them from there";
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return 'Compile it, and name the resulting .js or .mjs file';
    case 'SyntaxError':
      return 'Fix the file, or rebuild it against the running version of smartrouting-vip';
    default:
      return 'Fix what fails while it is loaded; loading must not depend on a backend';
  }
}

/** What a plug-in may import without installing it: the libraries that options classes are written with. */
const OFFERED = ['class-validator', 'class-transformer', '@nestjs/common', 'reflect-metadata'];
const OURS = /^smartrouting-vip\/plugin-api(?:\/testing)?$/;

type Resolve = (specifier: string, context: object) => object;

function resolveOffered(specifier: string, context: object, next: Resolve): object {
  const fromHere = { ...context, parentURL: import.meta.url };
  if (OURS.test(specifier)) return next(specifier, fromHere);
  try {
    return next(specifier, context);
  } catch (error) {
    if (!OFFERED.includes(specifier)) throw error;
    return next(specifier, fromHere);
  }
}

/** From Node 22.15 on; `register`, which does the same in a separate thread, is deprecated. */
const { registerHooks } = nodeModule as {
  registerHooks?: (hooks: { resolve: typeof resolveOffered }) => void;
};
const HOOK_IN_A_THREAD = `
  const OURS = ${OURS};
  const OFFERED = ${JSON.stringify(OFFERED)};
  export async function resolve(specifier, context, next) {
    const fromHere = { ...context, parentURL: ${JSON.stringify(import.meta.url)} };
    if (OURS.test(specifier)) return next(specifier, fromHere);
    try {
      return await next(specifier, context);
    } catch (error) {
      if (!OFFERED.includes(specifier)) throw error;
      return next(specifier, fromHere);
    }
  }`;

// Lets plug-ins import `smartrouting-vip/plugin-api` wherever their file is, always from this copy of the service; and
// the libraries that options classes are written with, if the plug-in does not have them installed.
if (registerHooks === undefined) register(`data:text/javascript,${encodeURIComponent(HOOK_IN_A_THREAD)}`);
else registerHooks({ resolve: resolveOffered });
