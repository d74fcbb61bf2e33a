import type { DynamicModule, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import type { ProviderClass } from '../plugin-api/vip-lookup-provider.js';
import { ProviderRegistry, VIP_LOOKUP_KINDS } from './provider-registry.js';

/** The modules that hold marked provider classes, and those classes by their kind. */
export interface LookupPlugins {
  readonly modules: readonly (Type | DynamicModule)[];
  readonly kinds: ReadonlyMap<string, ProviderClass>;
}

/** Lookups, for rooms that decide about calls or report on providers. */
@Module({})
export class LookupModule {
  /** @param store exports `PROVIDER_STATES`, where providers store data that survives restarts */
  static forRoot({ modules, kinds }: LookupPlugins, store: Type): DynamicModule {
    return {
      module: LookupModule,
      imports: [...modules, store],
      providers: [ProviderRegistry, { provide: VIP_LOOKUP_KINDS, useValue: kinds }],
      exports: [ProviderRegistry],
    };
  }
}
