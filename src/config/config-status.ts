import { Injectable } from '@nestjs/common';

/** The parts that are read again while the service runs: the file itself, or the certificate of a port. */
export type ConfigPart = 'file' | 'certificate';

/** A version on disk that is not in use. */
export interface Refused {
  /** Public: no secrets, and no paths that could help a stranger. */
  readonly reason: string;
  /** ISO 8601: since when the version in use is not the one on disk. */
  readonly since: string;
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
  readonly #refused = new Map<ConfigPart, Refused>();
  #loadedAt = new Date().toISOString();
  /** The certificate in use; `undefined` without `server.tls`. */
  certificate: CertificatePeriod | undefined;

  /** ISO 8601: since when the current configuration has been in use. */
  get loadedAt(): string {
    return this.#loadedAt;
  }

  /** Every part that was refused, with its reason. */
  get refused(): ReadonlyMap<ConfigPart, Refused> {
    return this.#refused;
  }

  /** The version on disk is in use. */
  accepted(part: ConfigPart): void {
    this.#refused.delete(part);
  }

  /** Another configuration is in use from now on. */
  swapped(): void {
    this.#loadedAt = new Date().toISOString();
  }

  /** The version on disk cannot be used; the previous one stays. */
  refuse(part: ConfigPart, reason: string): void {
    const since = this.#refused.get(part)?.since ?? new Date().toISOString();
    this.#refused.set(part, { reason, since });
  }
}
