import type { DynamicModule, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { LookupService } from './lookup.service.js';
import type { ProviderClass } from './port/vip-lookup-provider.js';
import { ProviderRegistry, VIP_LOOKUP_KINDS } from './provider-registry.js';

/** The modules that hold marked provider classes, and those classes by their kind. */
export interface LookupPlugins {
  readonly modules: readonly (Type | DynamicModule)[];
  readonly kinds: ReadonlyMap<string, ProviderClass>;
}

@Module({})
export class LookupModule {
  static forRoot({ modules, kinds }: LookupPlugins): DynamicModule {
    return {
      module: LookupModule,
      imports: [...modules],
      providers: [ProviderRegistry, LookupService, { provide: VIP_LOOKUP_KINDS, useValue: kinds }],
      exports: [ProviderRegistry, LookupService],
    };
  }
}
