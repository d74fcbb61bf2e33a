import { mapAt } from '../config/config-node.js';
import type { ConfigMap } from '../config/config-node.js';
import { Key } from '../config/key.js';
import type { Report } from '../config/report.js';
import { furtherPort, host } from '../config/rules.js';
import type { ServerConfig, ServerEnvironment, ServerSection } from './server.config.js';

export class ManagementSection {
  @Key('Port of its own for /health, /metrics and /docs; 0 takes a free one.', furtherPort, {
    required: true,
  })
  port: number;

  @Key('Address to listen on. Default: that of server.host.', host)
  host?: string;
}

/** Health, metrics and the OpenAPI page on a port of their own, without TLS. */
export interface ManagementConfig {
  readonly host: string;
  readonly port: number;
}

/** The part of the configuration that this room sees. */
export interface HttpConfig {
  readonly server: ServerConfig;
  /** `undefined` = on the port for calls. */
  readonly management: ManagementConfig | undefined;
}

/** @param server the section `server` */
export function managementConfig(
  section: ManagementSection | undefined,
  server: ServerSection,
  environment: ServerEnvironment,
): ManagementConfig | undefined {
  return section && { host: section.host ?? environment.host ?? server.host, port: section.port };
}

/** Two servers cannot share a port. */
export function checkManagement(
  sections: { readonly management?: ManagementSection; readonly server: ServerSection } | undefined,
  file: ConfigMap,
  environment: ServerEnvironment,
  report: Report,
): void {
  const port = sections?.management?.port;
  const node = mapAt(file, 'management')?.entries.get('port');
  if (node === undefined || port === 0 || port !== (environment.port ?? sections?.server.port)) return;
  const message =
    'is the port of the calls (server.port, or PORT in the environment). Write another one, or remove management to have all on one port.';
  report.at(node, message);
}
