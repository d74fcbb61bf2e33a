import { All, Controller, HttpException, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Admitted } from '../auth/admission.js';
import type { Admission } from '../auth/admission.js';
import { ClientGuard } from '../auth/client.guard.js';
import { sendAtEndOfTurn } from '../http/end-of-turn.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import { LoadMeter } from '../observability/load-meter.js';
import { MetricsService } from '../observability/metrics.service.js';
import { Tracing } from '../observability/tracing.js';
import { DecisionLog } from './decision-log.js';
import type { Asked } from './decision-log.js';
import type { Decision, Reason } from './decision.js';
import { assertMayAsk } from './may-ask.js';
import { RoutingRequest } from './routing.request.js';
import { RoutingService } from './routing.service.js';
import type { Question } from './routing.service.js';
import type { TargetsConfig } from './targets.config.js';

/** The endpoint that Enreach Core asks. Its path is `server.path` of the configuration. */
@Controller()
export class RoutingController {
  constructor(
    private readonly routing: RoutingService,
    private readonly log: DecisionLog,
    private readonly metrics: MetricsService,
    private readonly load: LoadMeter,
    private readonly tracing: Tracing,
  ) {}

  /**
   * Handles an admitted call. The body is read only now, so strangers cannot make us parse anything. If an error
   * prevents the decision, the answer is still 204, "proceed normally": comparable phone systems switch an endpoint
   * off after a burst of errors.
   * @throws Problem for a request that is invalid or asks for a target that its credential may not use
   */
  @Post()
  @UseGuards(ClientGuard)
  async route(
    @Admitted() { client, config, arrivedMs }: Admission<TargetsConfig>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (this.load.mustShed()) {
      this.log.shed(arrivedMs);
      return answer(response, 'overloaded');
    }
    const asked: Asked = { client, arrivedMs };
    let body: unknown;
    try {
      asked.trace = this.tracing.calls?.begin(request.headers, arrivedMs);
      body = await readJsonBody(request);
      const call = RoutingRequest.from(body).toCall();
      assertMayAsk(client, call.targetid, config.targets, this.metrics);
      const decision = await this.#decide({ call, config, startedMs: arrivedMs, trace: asked.trace });
      this.log.decided(call, decision, asked);
      answer(response, decision.reason, decision.json);
    } catch (error) {
      if (error instanceof HttpException) {
        this.log.refused(error, body, asked);
        response.setHeader('X-SmartRouting-Reason', 'invalid-request');
        throw error;
      }
      this.log.failed(error, body, asked);
      answer(response, 'lookup-failed');
    }
  }

  async #decide(question: Question): Promise<Decision> {
    this.load.enter();
    try {
      return await this.routing.decide(question);
    } finally {
      this.load.leave();
    }
  }

  @All()
  refuseOtherMethods(): never {
    throw new Problem(405, 'ask with POST', { headers: { Allow: 'POST' } });
  }
}

/** @param json the instructions; none = 204, "proceed normally" */
function answer(response: Response, reason: Reason, json?: string): void {
  const headers = ['X-SmartRouting-Reason', reason, 'Cache-Control', 'no-store'];
  if (json === undefined) return sendAtEndOfTurn(response, 204, headers);
  headers.push('Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(json)));
  sendAtEndOfTurn(response, 200, headers, json);
}
