import { Injectable } from '@nestjs/common';

/** What is read again while the service runs. */
type ConfigPart = 'file' | 'certificate';

/** A version on disk that is not in use. */
export interface Refused {
  /** Public: no secrets, and no paths that could help a stranger. */
  readonly reason: string;
  /** ISO 8601: since when this version has been refused; each one has its own. */
  readonly since: string;
  /** Which version it is, as `contentVersion` tells them apart. */
  readonly version: string;
}

/** From when to when a certificate is valid, milliseconds since 1970. */
export interface CertificatePeriod {
  readonly validFromMs: number;
  readonly validUntilMs: number;
  /** Since when this instance has reported it; `undefined` = not yet. */
  readonly inUseSinceMs?: number;
}

/** Whether the version on disk is in use; `/health` and the metric show it. */
@Injectable()
export class ConfigStatus {
  /** ISO 8601: since when the current configuration has been in use. */
  loadedAt = new Date().toISOString();
  /** The parts whose version on disk cannot be used; the one before stays. */
  readonly refused = new Map<ConfigPart, Refused>();
  /** The certificate in use; `undefined` without `server.tls`. */
  certificate: CertificatePeriod | undefined;

  refuse(part: ConfigPart, reason: string, version: string): void {
    const before = this.refused.get(part);
    const since = before?.version === version ? before.since : new Date().toISOString();
    this.refused.set(part, { reason, since, version });
  }
}
