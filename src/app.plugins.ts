import type { Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { resolve as resolveImport } from 'import-meta-resolve';
import { register } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LookupPlugins } from './lookup/lookup.module.js';
import type { ProviderClass, VipLookupKind } from './lookup/port/vip-lookup-provider.js';
import { vipLookupKindOf } from './lookup/port/vip-lookup.decorator.js';
import { CrmHttpModule } from './providers/crm-http/crm-http.module.js';
import { DatabaseModule } from './providers/database/database.module.js';
import { StaticFileModule } from './providers/static-file/static-file.module.js';

/** The lookups that come with the product; written exactly as an outsider would. */
const BUILT_INS: readonly Type[] = [StaticFileModule, DatabaseModule, CrmHttpModule];

/** Kinds with their marks, as the configuration check wants them. */
export interface LoadedPlugins extends LookupPlugins {
  readonly marks: ReadonlyMap<string, VipLookupKind>;
}

/** A plug-in named in the configuration cannot be used; the message names the plug-in and the cure. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
  constructor(
    readonly plugin: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The built-in lookups and those named under `plugins:`.
 * @param names npm packages, or paths of modules that start with `.` or `/`
 * @param directory where relative paths and packages are looked for
 * @throws PluginError when one cannot be imported, has no marked class, or takes a kind that is taken
 */
export async function loadPlugins(names: readonly string[], directory: string): Promise<LoadedPlugins> {
  const modules: Type[] = [];
  const kinds = new Map<string, ProviderClass>();
  const marks = new Map<string, VipLookupKind>();
  const add = (plugin: string, exported: readonly Type[]): void => {
    const loose = exported.filter((value) => vipLookupKindOf(value) !== undefined);
    const nestModules = exported.filter((value) => Reflect.getMetadata('providers', value) !== undefined);
    const marked = new Set([...loose, ...nestModules.flatMap(markedProvidersOf)]);
    if (marked.size === 0) {
      throw new PluginError(
        plugin,
        'exports no class marked with @VipLookup, and no Nest module that provides one',
      );
    }
    for (const provider of marked) {
      const mark = vipLookupKindOf(provider)!;
      if (kinds.has(mark.kind))
        throw new PluginError(plugin, `takes the kind "${mark.kind}", which another plug-in or built-in has`);
      kinds.set(mark.kind, provider);
      marks.set(mark.kind, mark);
    }
    const provided = new Set(nestModules.flatMap(markedProvidersOf));
    modules.push(...nestModules, ...loose.filter((value) => !provided.has(value)).map(hostModule));
  };
  add('built-in', BUILT_INS);
  if (names.length > 0) offerOurPackages();
  for (const name of names) add(name, await importExports(name, directory));
  return { modules, kinds, marks };
}

function markedProvidersOf(nestModule: Type): Type[] {
  const providers = (Reflect.getMetadata('providers', nestModule) ?? []) as Type[];
  return providers.filter((provider) => vipLookupKindOf(provider) !== undefined);
}

/** A module of its own for a marked class that comes without one. */
function hostModule(provider: Type): Type {
  class PluginHost {}
  Module({ providers: [provider] })(PluginHost);
  return PluginHost;
}

let offered = false;

/**
 * Lets plug-ins import `smartrouting-vip/plugin-api` wherever their file lies, always this very copy; and the libraries
 * that options classes are written with, where the plug-in does not bring them along.
 */
function offerOurPackages(): void {
  if (offered) return;
  offered = true;
  const home = JSON.stringify(import.meta.url);
  const hook = `
    const OURS = /^smartrouting-vip\\/plugin-api(\\/testing)?$/;
    const OFFERED = new Set(['class-validator', 'class-transformer', '@nestjs/common', 'reflect-metadata']);
    export async function resolve(specifier, context, next) {
      if (OURS.test(specifier)) return next(specifier, { ...context, parentURL: ${home} });
      try {
        return await next(specifier, context);
      } catch (error) {
        if (!OFFERED.has(specifier)) throw error;
        return next(specifier, { ...context, parentURL: ${home} });
      }
    }`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

async function importExports(name: string, directory: string): Promise<Type[]> {
  try {
    const isPath = name.startsWith('.') || isAbsolute(name);
    const url = isPath
      ? pathToFileURL(resolve(directory, name)).href
      : resolveImport(name, pathToFileURL(join(directory, 'plugins.js')).href);
    const exported = (await import(url)) as Record<string, unknown>;
    return [...new Set(Object.values(exported))].filter(
      (value): value is Type => typeof value === 'function',
    );
  } catch (error) {
    const { code, name: kind, message } = error as { code?: string; name: string; message: string };
    throw new PluginError(
      name,
      `cannot be imported (${code ?? kind}): ${message.split('\n', 1)[0]}. Name a compiled .js or .mjs file by a path that starts with ./ from the configuration's folder, or an installed npm package`,
    );
  }
}
