import { All, Controller, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { CallerGuard } from '../auth/caller.guard.js';
import { assertMayAsk } from './may-ask.js';
import { Problem } from '../http/problem.js';
import { LoadMeter } from '../observability/load-meter.js';
import { MetricsService } from '../observability/metrics.service.js';
import { Tracing } from '../observability/tracing.js';
import type { Call } from './decision.js';
import { DecisionLog } from './decision-log.js';
import { LoadGuard } from './load.guard.js';
import { answer, JsonBody, RoutingExceptionFilter, RoutingRequestPipe } from './routing-http.js';
import type { RoutingHttpRequest } from './routing-http.js';
import { RoutingRequest } from './routing.request.js';
import { RoutingService } from './routing.service.js';

/** The endpoint that Enreach Core asks. Its path is `server.path` of the configuration. */
@Controller()
@UseFilters(RoutingExceptionFilter)
export class RoutingController {
  constructor(
    private readonly routing: RoutingService,
    private readonly log: DecisionLog,
    private readonly metrics: MetricsService,
    private readonly load: LoadMeter,
    private readonly tracing: Tracing,
  ) {}

  @Post()
  @UseGuards(CallerGuard, LoadGuard)
  async route(
    @JsonBody(RoutingRequestPipe) body: RoutingRequest,
    @Req() request: RoutingHttpRequest,
    @Res() response: Response,
  ): Promise<void> {
    const { user, admittedBy, arrivedMs, headers } = request;
    const call = toCall(body);
    assertMayAsk(user, call.targetid, admittedBy.targets, this.metrics);
    this.load.enter();
    try {
      const { calls } = this.tracing;
      if (calls !== undefined) request.trace = calls.begin(headers, arrivedMs);
      const decision = await this.routing.decide({
        call,
        config: admittedBy,
        startedMs: arrivedMs,
        trace: request.trace,
      });
      this.log.decided(call, decision, request);
      answer(response, decision.reason, decision.json);
    } finally {
      this.load.leave();
    }
  }

  @All()
  refuseOtherMethods(): never {
    throw new Problem(405, 'ask with POST', { headers: { Allow: 'POST' } });
  }
}

function toCall({ anum, bnum, targetid, extradata }: RoutingRequest): Call {
  return {
    anum: anum ?? undefined,
    bnum: bnum ?? undefined,
    targetid: targetid || undefined,
    extradata: extradata ?? {},
  };
}
