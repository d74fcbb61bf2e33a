import type { Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { inBrackets, PluginProblem, readThrown } from './thrown.js';
import { ConfigError } from '../../config/config-error.js';
import type { ConfigProblem } from '../../config/config-error.js';
import type { PluginEntry } from '../../config/read-config-file.js';
import type { LookupPlugins } from '../../lookup/lookup.module.js';
import type { ProviderClass, VipLookupKind } from '../../plugin-api/vip-lookup-provider.js';
import { vipLookupKindOf } from '../../plugin-api/vip-lookup.decorator.js';
import { CrmHttpModule } from '../../providers/crm-http/crm-http.module.js';
import { DatabaseModule } from '../../providers/database/database.module.js';
import { StaticFileModule } from '../../providers/static-file/static-file.module.js';

/** The lookups that come with the product, written exactly like outside plug-ins. */
const BUILT_INS: readonly Type[] = [StaticFileModule, DatabaseModule, CrmHttpModule];

/** Kinds with their marks, as the configuration check wants them. */
export interface LoadedPlugins extends LookupPlugins {
  readonly marks: ReadonlyMap<string, VipLookupKind>;
  /** Where the plug-ins are, by their name under `plugins:`. */
  readonly origins: readonly PluginOrigin[];
}

/** Where a plug-in comes from, and which kinds it provides. */
export interface PluginOrigin {
  /** As written under `plugins:`. */
  readonly name: string;
  /** Absolute path of its package's folder with a separator at the end, or of its one file. */
  readonly home: string;
  /** Absolute path of the module itself. */
  readonly file: string;
  readonly kinds: readonly string[];
}

/**
 * The built-in lookups and those named under `plugins:`.
 * @param directory where relative paths and packages are searched for
 * @throws ConfigError with all that cannot be imported, are written for another version, have no marked class, or take a
 *   kind that is taken
 */
export async function loadPlugins(
  entries: readonly PluginEntry[],
  directory: string,
): Promise<LoadedPlugins> {
  const collected = new Collected();
  collected.add('the service itself', BUILT_INS);
  const origins: PluginOrigin[] = [];
  const problems: ConfigProblem[] = [];
  for (const { name, key } of entries) {
    try {
      const { importPlugin } = await import('./import-plugin.js');
      const { home, file, exports } = await importPlugin(name, directory);
      const types = [...new Set(Object.values(exports))].filter(
        (value): value is Type => typeof value === 'function',
      );
      origins.push({ name, home, file, kinds: collected.add(`"${name}"`, types) });
    } catch (error) {
      problems.push({
        key,
        message: `"${name}" ${error instanceof PluginProblem ? error.message : unusable(error)}.`,
      });
    }
  }
  if (problems.length > 0) throw new ConfigError('plugins', problems);
  const { modules, kinds, marks } = collected;
  return { modules, kinds, marks, origins };
}

/** @param thrown by a plug-in's exports: a proxy, or metadata in another form */
function unusable(thrown: unknown): string {
  return `cannot be used${inBrackets(readThrown(thrown))}. Fix what fails while its exports are read; export the marked class itself`;
}

/** What built-ins and plug-ins provide. */
class Collected {
  readonly modules: Type[] = [];
  readonly kinds = new Map<string, ProviderClass>();
  readonly marks = new Map<string, VipLookupKind>();
  /** Kind -> who provides it. */
  readonly #owners = new Map<string, string>();

  /**
   * @param owner for messages
   * @returns the kinds that it provides
   * @throws PluginProblem, or whatever the exports throw
   */
  add(owner: string, exported: readonly Type[]): string[] {
    const nestModules = exported.filter((value) => Reflect.getMetadata('providers', value) !== undefined);
    const provided = new Set(nestModules.flatMap(markedProvidersOf));
    const loose = exported.filter((value) => vipLookupKindOf(value) !== undefined && !provided.has(value));
    const marked = [...loose, ...provided];
    if (marked.length === 0) {
      throw new PluginProblem(
        'exports no class marked with @VipLookup, and no Nest module that provides one. Export the marked class from the module that is named here',
      );
    }
    for (const provider of marked) {
      const mark = vipLookupKindOf(provider)!;
      const other = this.#owners.get(mark.kind);
      if (other !== undefined) {
        throw new PluginProblem(
          `uses the kind "${mark.kind}", which ${other} has. Remove one of the two, or give one another kind in @VipLookup`,
        );
      }
      if (typeof mark.options !== 'function') {
        throw new PluginProblem(
          `marks the kind "${mark.kind}" without an options class. Give @VipLookup one, even if it is empty`,
        );
      }
      this.#owners.set(mark.kind, owner);
      this.kinds.set(mark.kind, provider);
      this.marks.set(mark.kind, mark);
    }
    this.modules.push(...nestModules, ...loose.map(hostModule));
    return marked.map((provider) => vipLookupKindOf(provider)!.kind);
  }
}

function markedProvidersOf(nestModule: Type): Type[] {
  const providers = (Reflect.getMetadata('providers', nestModule) ?? []) as Type[];
  return providers.filter((provider) => vipLookupKindOf(provider) !== undefined);
}

/** Creates a module for a marked class that has none. */
function hostModule(provider: Type): Type {
  class PluginHost {}
  Module({ providers: [provider] })(PluginHost);
  return PluginHost;
}
