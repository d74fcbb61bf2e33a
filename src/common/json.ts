/**
 * Any value that JSON can carry.
 * @since 0.1.0
 */
export type Json = string | number | boolean | null | Json[] | JsonObject;
/**
 * A JSON object.
 * @since 0.1.0
 */
export interface JsonObject {
  [key: string]: Json;
}

/**
 * True for an object that is neither `null` nor a list.
 * @since 0.1.0
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for values that JSON can carry, from any realm: no class instances, functions or NaN. */
export function isJson(value: unknown): value is Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  return isPlainObject(value) && isDataOnly(value) && Object.values(value).every(isJson);
}

function isDataOnly(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** True for values that are nested deeper than `levels`, and for circular ones. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  /** The level at which each object was checked; a shared object is checked again only at a deeper level. */
  const seen = new Map<object, number>();
  const isTooDeep = (part: unknown, level: number): boolean => {
    if (typeof part !== 'object' || part === null || (seen.get(part) ?? 0) >= level) return false;
    if (level > levels) return true;
    seen.set(part, level);
    return Object.values(part).some((inner) => isTooDeep(inner, level + 1));
  };
  return isTooDeep(value, 1);
}
