import { All, Controller, HttpException, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Admitted } from '../auth/admission.js';
import type { Admission } from '../auth/admission.js';
import { ClientGuard } from '../auth/client.guard.js';
import { sendAtEndOfTurn } from '../http/end-of-turn.js';
import { readJsonBody } from '../http/json-body.js';
import { Problem } from '../http/problem.js';
import type { CallTrace } from '../observability/tracer.js';
import { LoadMeter } from '../observability/load-meter.js';
import { MetricsService, UNKNOWN_TARGET } from '../observability/metrics.service.js';
import { Tracing } from '../observability/tracing.js';
import { CallIds } from './call-id.js';
import { DecisionListeners } from './decision-listeners.js';
import type { Outcome } from './decision-listeners.js';
import type { Decision, Reason } from './decision.js';
import { assertMayAsk } from './may-ask.js';
import { readCall } from './routing.request.js';
import { RoutingService } from './routing.service.js';
import type { Question } from './routing.service.js';
import type { TargetsConfig } from './targets.config.js';

/** The endpoint that Enreach Core asks. Its path is `server.path` of the configuration. */
@Controller()
export class RoutingController {
  readonly #callIds = new CallIds();

  constructor(
    private readonly routing: RoutingService,
    private readonly listeners: DecisionListeners,
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
    @Admitted() admission: Admission<TargetsConfig>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { client, config, arrivedMs } = admission;
    if (this.load.mustShed()) {
      answer(response, 'overloaded');
      return this.#tell(admission, undefined, undefined, { reason: 'overloaded', status: 204 });
    }
    let trace: CallTrace | undefined;
    let body: unknown;
    try {
      trace = this.tracing.calls?.begin(request.headers, arrivedMs);
      body = await readJsonBody(request);
      const call = readCall(body);
      assertMayAsk(client, call.targetid, config.targets, this.metrics);
      const decision = await this.#decide({ call, config, startedMs: arrivedMs, trace });
      const { reason, json } = decision;
      answer(response, reason, json);
      this.#tell(admission, trace, body, { reason, status: json === undefined ? 204 : 200, call, decision });
    } catch (error) {
      if (error instanceof HttpException) {
        response.setHeader('X-SmartRouting-Reason', 'invalid-request');
        const status = error.getStatus();
        this.#tell(admission, trace, body, { reason: 'invalid-request', status, refusal: error });
        throw error;
      }
      answer(response, 'lookup-failed');
      this.#tell(admission, trace, body, { reason: 'lookup-failed', status: 204, defect: error });
    }
  }

  /** @param body the parsed body, of any type */
  #tell(
    { client, arrivedMs }: Admission,
    trace: CallTrace | undefined,
    body: unknown,
    became: Pick<Outcome, 'reason' | 'status' | 'call' | 'decision' | 'refusal' | 'defect'>,
  ): void {
    const { reason, status, call, decision, refusal, defect } = became;
    const callId = this.#callIds.of(body);
    const ms = performance.now() - arrivedMs;
    const traceId = trace?.traceId;
    // Not `...became`: a spread with further properties took a fifth of the processor time of a call.
    this.listeners.tell({ client, callId, reason, status, ms, traceId, call, decision, refusal, defect });
    trace?.end({
      status,
      target: decision?.target ?? UNKNOWN_TARGET,
      reason,
      callId,
      provider: decision?.provider,
      route: decision?.route,
      isDefect: defect !== undefined,
    });
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
