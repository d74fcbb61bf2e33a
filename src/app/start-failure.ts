import { inspect } from 'node:util';
import { tangible } from '../lookup/describe-failure.js';

/** EX_CONFIG of sysexits.h: something is wrong with the configuration. */
export const EXIT_CONFIG = 78;
/** Why listening fails -> the key whose value is wrong. */
const AT_FAULT: Readonly<Record<string, string | undefined>> = {
  EADDRINUSE: 'port',
  EACCES: 'port',
  EADDRNOTAVAIL: 'host',
  ENOTFOUND: 'host',
};

/**
 * The message and exit code of a process that cannot start.
 * @param error of the configuration, of a socket (`section` names the configuration's section unless it is `server`),
 *   or a defect
 */
export function startFailure(error: unknown): { readonly exitCode: number; readonly text: string } {
  const { name, code, message, section } = Object(tangible(error)) as NodeJS.ErrnoException & {
    section?: string;
  };
  if (name === 'ConfigError') return { exitCode: EXIT_CONFIG, text: message };
  const key = AT_FAULT[code ?? ''];
  if (key === undefined) return { exitCode: 1, text: inspect(error) };
  const variable = section ? `${section}_${key}` : key;
  const setting = `${section ?? 'server'}.${key}, or ${variable.toUpperCase()} in the environment`;
  const rights = code === 'EACCES' ? ', or give the process CAP_NET_BIND_SERVICE for one below 1024' : '';
  return { exitCode: 1, text: `Cannot listen (${code}): ${message}. Set another ${setting}${rights}.` };
}
