/** The provider did not answer within its timeout. */
export class LookupTimeoutError extends Error {
  override readonly name = 'LookupTimeoutError';
}

/** What operations may read of a fault: the message of errors made for it, of others only code or name. */
export function describeFailure(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown failure';
  const { name, code, message } = error as { name?: unknown; code?: unknown; message?: unknown };
  if ((name === 'VipLookupError' || name === 'LookupTimeoutError') && typeof message === 'string')
    return message.slice(0, 300);
  if (typeof code === 'string' || typeof code === 'number') return String(code).slice(0, 80);
  return typeof name === 'string' ? name.slice(0, 80) : 'unknown failure';
}
