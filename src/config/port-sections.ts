import { Key } from './key.js';
import { furtherPort, host, path } from './rules.js';

export class TlsSection {
  @Key('PEM file with the certificate and its chain.', path, { required: true })
  cert: string;

  @Key('PEM file with the private key.', path, { required: true })
  key: string;

  @Key(
    'PEM file with the authorities that sign client certificates. With it every client has to show one (mutual TLS).',
    path,
  )
  clientCa?: string;
}

export class ManagementSection {
  @Key('Port of its own for /health, /metrics and /docs; 0 takes a free one.', furtherPort, {
    required: true,
  })
  port: number;

  @Key('Address to listen on. Default: that of server.host.', host)
  host?: string;
}
