import { All, Controller, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { Response } from 'express';
import { CallerGuard } from '../auth/caller.guard.js';
import type { AuthenticatedRequest } from '../auth/authenticated-request.js';
import { assertMayAsk } from '../auth/may-ask.js';
import { Problem } from '../http/problem.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { Call } from './decision.js';
import { DecisionLog } from './decision-log.js';
import {
  arrivalMs,
  JsonBody,
  RoutingExceptionFilter,
  RoutingRequestPipe,
  setDecisionHeaders,
  StartClock,
} from './routing-http.js';
import { DescribeRouting } from './routing.openapi.js';
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
  ) {}

  @Post()
  @UseGuards(StartClock, CallerGuard)
  @DescribeRouting()
  async route(
    @JsonBody(RoutingRequestPipe) body: RoutingRequest,
    @Req() request: AuthenticatedRequest,
    @Res() response: Response,
  ): Promise<void> {
    const startedMs = arrivalMs(request);
    const credential = request.user;
    const call = toCall(body);
    assertMayAsk(credential, this.routing.targetName(call.targetid), this.metrics);
    const decision = await this.routing.decide(call, startedMs);
    this.log.decided(call, decision, credential.id, startedMs);
    setDecisionHeaders(response, decision.reason);
    if (decision.instructions === undefined) {
      response.writeHead(204).end();
      return;
    }
    const answer = JSON.stringify(decision.instructions);
    response
      .writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(answer) })
      .end(answer);
  }

  @All()
  @ApiExcludeEndpoint()
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
