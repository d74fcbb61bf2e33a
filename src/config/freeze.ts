import { propertiesOf } from './class-metadata.js';

/** Freezes arrays, maps, plain objects and instances of options classes, with all their content. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) return freezeMap(value) as T;
  const prototype = Object.getPrototypeOf(value) as object | null;
  const isOurs =
    Array.isArray(value) ||
    prototype === null ||
    prototype === Object.prototype ||
    propertiesOf(prototype.constructor).size > 0;
  // A RegExp, URL or Date that a plug-in created from an option is not frozen, because its methods may change it.
  if (!isOurs) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

function freezeMap<Key, Value>(map: Map<Key, Value>): Map<Key, Value> {
  const refuse = () => {
    throw new TypeError('the configuration is read-only');
  };
  for (const inner of map.values()) deepFreeze(inner);
  Object.defineProperties(map, {
    set: { value: refuse },
    delete: { value: refuse },
    clear: { value: refuse },
  });
  return Object.freeze(map);
}
