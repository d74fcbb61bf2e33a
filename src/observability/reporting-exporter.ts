import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Logger } from './logger.js';

type Done = Parameters<OTLPTraceExporter['export']>[1];

/** Logs once that spans cannot be sent, and once that they can be sent again; the SDK itself logs nothing. */
export class ReportingExporter extends OTLPTraceExporter {
  #isFailing = false;

  constructor(private readonly logger: Logger) {
    super();
  }

  override export(spans: ReadableSpan[], done: Done): void {
    super.export(spans, (result) => {
      const { error } = result;
      const wasFailing = this.#isFailing;
      this.#isFailing = error !== undefined;
      if (error !== undefined && !wasFailing)
        this.logger.warn({ error }, 'traces cannot be sent to the collector; calls are not affected');
      if (error === undefined && wasFailing) this.logger.info('spans are exported again');
      done(result);
    });
  }
}
