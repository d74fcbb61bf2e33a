import { Injectable } from '@nestjs/common';

/** What of the configuration is read again while the service runs: the file itself, or the certificate of a port. */
export type ConfigPart = 'file' | 'certificate';

/** A version on disk that is not in use. */
export interface Refused {
  /** Public: no secret, no path that a stranger could use. */
  readonly reason: string;
  /** ISO 8601: since when the version in use is not the one on disk. */
  readonly since: string;
}

/** From when to when a certificate is valid, milliseconds since 1970. */
export interface CertificatePeriod {
  readonly validFromMs: number;
  readonly validUntilMs: number;
  /** Since when this instance shows it; `undefined` = it does not yet. */
  readonly inUseSinceMs?: number;
}

/** Whether the version on disk is in use; `/health` and the metric show it. */
@Injectable()
export class ConfigStatus {
  /** ISO 8601: since when the configuration in use is in use. */
  loadedAt = new Date().toISOString();
  /** The parts whose version on disk cannot be used; the one before stays. */
  readonly refused = new Map<ConfigPart, Refused>();
  /** The certificate in use; `undefined` without `server.tls`. */
  certificate: CertificatePeriod | undefined;

  refuse(part: ConfigPart, reason: string): void {
    const since = this.refused.get(part)?.since ?? new Date().toISOString();
    this.refused.set(part, { reason, since });
  }
}
