import {
  ApiBasicAuth,
  ApiBody,
  ApiExcludeEndpoint,
  ApiOperation,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { describeMethod } from '../common/openapi.js';
import { CORE_INSTRUCTIONS } from './core-instructions.js';
import { REASONS } from './decision.js';
import { RoutingController } from './routing.controller.js';

const REASON_HEADER = {
  'X-SmartRouting-Reason': {
    description: 'Why the answer is what it is.',
    schema: { type: 'string' as const, enum: [...REASONS] },
  },
};

const text = { type: 'string' as const };
const PROBLEM = {
  type: 'object' as const,
  properties: {
    type: text,
    title: text,
    status: { type: 'integer' as const },
    detail: text,
    errors: { type: 'array' as const, items: { type: 'object', properties: { path: text, message: text } } },
  },
  required: ['type', 'title', 'status'],
};
const problem = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, description, content: { 'application/problem+json': { schema: PROBLEM } } });

const NUMBERS = { anum: '+358501231234', bnum: '+358942415000' };
const EXTRADATA = { CallId: '3f1c0a4e-6f0c-4a58-9d3e-0f8a35f1a9b1', DYN_PAR_Culture: 'fi-FI' };
/** The guide's example calls, for the OpenAPI page. */
const EXAMPLE_REQUESTS = {
  minimal: { summary: 'Only the numbers', value: NUMBERS },
  targetid: { summary: 'With the tag of a queue', value: { ...NUMBERS, targetid: 'SALES_QUEUE' } },
  extradata: {
    summary: 'With the default extradata',
    value: {
      ...NUMBERS,
      targetid: 'SALES_QUEUE',
      extradata: {
        CallId: EXTRADATA.CallId,
        LegId: '1',
        CurrQueueId: '8c7d9a52-1f64-4be0-b8f1-2d8e64c6f3aa',
        CurrUserId: '',
        IsInternalCaller: false,
        DYN_PAR_Culture: EXTRADATA.DYN_PAR_Culture,
      },
    },
  },
};

const nullableText = { ...text, nullable: true };
/** What Enreach Core sends for each incoming call; `readCall` reads it. */
const REQUEST = {
  type: 'object' as const,
  required: ['anum', 'bnum'],
  properties: {
    anum: {
      ...nullableText,
      description: 'The caller. E.164 for a public number; null, empty or "anonymous" when withheld.',
      example: NUMBERS.anum,
    },
    bnum: { ...nullableText, description: 'The called number, E.164.', example: NUMBERS.bnum },
    targetid: {
      ...nullableText,
      description: 'Tag agreed with the administrator; chooses the target in the configuration.',
      example: 'SALES_QUEUE',
    },
    extradata: {
      type: 'object' as const,
      additionalProperties: true,
      nullable: true,
      description: 'Whatever else Core knows of the call; any JSON value under any key.',
      example: EXTRADATA,
    },
  },
};

describeMethod(RoutingController, 'refuseOtherMethods', ApiExcludeEndpoint());
describeMethod(
  RoutingController,
  'route',
  ApiTags('routing'),
  ApiOperation({
    summary: 'Who is calling, and where should the call go?',
    description:
      'Asked by Enreach Core (SmartRouting) for each incoming call. 200: use these instructions; 204: proceed normally.',
  }),
  ApiBasicAuth('basic'),
  ApiSecurity('apiKey'),
  ApiBody({ schema: REQUEST, examples: EXAMPLE_REQUESTS }),
  ApiResponse({
    status: 200,
    description: 'A VIP: use these instructions.',
    headers: REASON_HEADER,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          description:
            'Routing instructions; absent = leave as it is. Further keys are passed through as configured.',
          properties: { ...CORE_INSTRUCTIONS },
        },
        examples: {
          queue: {
            summary: 'Another queue and a better place in it',
            value: { InitialTarget: 'VIP_SALES_FI', ExtraPriority: 50 },
          },
          priority: { summary: 'Only a better place', value: { ExtraPriority: 5 } },
        },
      },
    },
  }),
  ApiResponse({
    status: 204,
    description: 'Not a VIP, or it could not be told in time: proceed normally.',
    headers: REASON_HEADER,
  }),
  problem(400, 'The body is not usable; every problem is listed under errors.'),
  problem(401, 'No or wrong credentials.'),
  problem(403, 'The credential is limited to other targets, or the address is outside the allowed networks.'),
  problem(413, 'The body is larger than 64 KiB.'),
  problem(415, 'The body is not application/json.'),
  problem(429, 'Too many failed logins from this address; see Retry-After.'),
);
