export class LookupTimeoutError extends Error {
  override readonly name = 'LookupTimeoutError';
}

/** By name: a plug-in may use the classes of another copy of this package. */
const BUSY = 'VipLookupBusyError';
const ENTRY = 'VipEntryError';
const LOCAL_FILE = 'VipFileError';
const READABLE: readonly unknown[] = ['VipLookupError', BUSY, ENTRY, LOCAL_FILE, 'LookupTimeoutError'];

/** Whether the provider could not be asked now, for a reason other than its backend. */
export function isBusy(error: unknown): boolean {
  return isNamed(BUSY, error);
}

/** Whether the backend has answered, and only its entry of the caller is of no use. */
export function isAboutEntry(error: unknown): boolean {
  return isNamed(ENTRY, error);
}

function isNamed(name: string, error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { name?: unknown }).name === name;
}

/** The path of the local file because of which a provider cannot open; `undefined` if there is another reason. */
export function fileAtFault(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { name, path } = error as { name?: unknown; path?: unknown };
  return name === LOCAL_FILE && typeof path === 'string' ? path : undefined;
}

/** The part of a failure that operators may see: the message of errors designed for that, otherwise only code or name. */
export function describeFailure(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown failure';
  const { name, code, message } = error as { name?: unknown; code?: unknown; message?: unknown };
  if (READABLE.includes(name) && typeof message === 'string') return message.slice(0, 300);
  if (typeof code === 'string' || typeof code === 'number') return String(code).slice(0, 80);
  return typeof name === 'string' ? name.slice(0, 80) : 'unknown failure';
}

/** All properties of a thrown value that are read, here and by the log. */
const LOOKED_AT = ['name', 'code', 'message', 'stack', 'cause', 'constructor'];

/** What was thrown, or an error in its place if it cannot be inspected: a plug-in may throw anything, even a proxy. */
export function tangible(error: unknown): unknown {
  try {
    for (const key of LOOKED_AT) Reflect.get(Object(error) as object, key);
    Object.getPrototypeOf(Object(error));
    return error;
  } catch {
    return new TypeError('the thrown value cannot be read');
  }
}
