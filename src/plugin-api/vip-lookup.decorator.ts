import 'reflect-metadata';
import { Injectable, Scope } from '@nestjs/common';
import type { VipLookupKind } from './vip-lookup-provider.js';

/** `Symbol.for`, so that a plug-in with its own copy of this package is still recognised. */
const VIP_LOOKUP_KIND = Symbol.for('smartrouting-vip.vip-lookup-kind');
/** Nest's `REQUEST` token: in this scope it is the `ProviderContext` of one configured provider. */
const CONTEXT_TOKEN = 'REQUEST';
const SELF_PARAMTYPES = 'self:paramtypes';

/**
 * Marks a class as a kind of VIP lookup. One instance is created for each entry under `providers:` with that `kind`.
 * The first constructor argument is the `ProviderContext`; further ones are injected by Nest as usual.
 * @since 0.1.0
 */
export function VipLookup(kind: VipLookupKind): ClassDecorator {
  return (target) => {
    if (!/^[a-z][a-z0-9-]{0,39}$/.test(kind.kind)) {
      throw new TypeError(
        `@VipLookup: kind "${kind.kind}" is not a name; use lower-case letters, digits and hyphens, at most 40`,
      );
    }
    Injectable({ scope: Scope.REQUEST })(target);
    Reflect.defineMetadata(VIP_LOOKUP_KIND, kind, target);
    const injected =
      (Reflect.getMetadata(SELF_PARAMTYPES, target) as { index: number; param: unknown }[] | undefined) ?? [];
    Reflect.defineMetadata(
      SELF_PARAMTYPES,
      [...injected.filter(({ index }) => index !== 0), { index: 0, param: CONTEXT_TOKEN }],
      target,
    );
  };
}

/** The mark of a class, `undefined` if it has none. */
export function vipLookupKindOf(target: unknown): VipLookupKind | undefined {
  return typeof target === 'function'
    ? (Reflect.getOwnMetadata(VIP_LOOKUP_KIND, target) as VipLookupKind | undefined)
    : undefined;
}
