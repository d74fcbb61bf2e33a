import { applyDecorators } from '@nestjs/common';
import {
  ApiBasicAuth,
  ApiBody,
  ApiExtraModels,
  ApiOperation,
  ApiResponse,
  ApiSecurity,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { RoutingRequest } from './routing.request.js';
import { RoutingInstructions } from './routing.response.js';

const REASON_HEADER = {
  'X-SmartRouting-Reason': {
    description: 'Why the answer is what it is.',
    schema: {
      type: 'string' as const,
      enum: [
        'matched',
        'no-match',
        'no-route',
        'no-number',
        'unknown-target',
        'lookup-failed',
        'timeout',
        'overloaded',
        'invalid-request',
      ],
    },
  },
};

const problem = (status: number, description: string): MethodDecorator =>
  ApiResponse({
    status,
    description,
    content: {
      'application/problem+json': {
        schema: {
          type: 'object',
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            detail: { type: 'string' },
            errors: {
              type: 'array',
              items: {
                type: 'object',
                properties: { path: { type: 'string' }, message: { type: 'string' } },
              },
            },
          },
          required: ['type', 'title', 'status'],
        },
      },
    },
  });

/** The guide's example calls, for the OpenAPI page. */
export const EXAMPLE_REQUESTS = {
  minimal: { summary: 'Only the numbers', value: { anum: '+358501231234', bnum: '+358942415000' } },
  targetid: {
    summary: 'With the tag of a queue',
    value: { anum: '+358501231234', bnum: '+358942415000', targetid: 'SALES_QUEUE' },
  },
  extradata: {
    summary: 'With the default extradata',
    value: {
      anum: '+358501231234',
      bnum: '+358942415000',
      targetid: 'SALES_QUEUE',
      extradata: {
        CallId: '3f1c0a4e-6f0c-4a58-9d3e-0f8a35f1a9b1',
        LegId: '1',
        CurrQueueId: '8c7d9a52-1f64-4be0-b8f1-2d8e64c6f3aa',
        CurrUserId: '',
        IsInternalCaller: false,
        DYN_PAR_Culture: 'fi-FI',
      },
    },
  },
};

/** OpenAPI description of the routing endpoint. */
export function DescribeRouting(): MethodDecorator {
  return applyDecorators(
    ApiTags('routing'),
    ApiOperation({
      summary: 'Who is calling, and where should the call go?',
      description:
        'Asked by Enreach Core (SmartRouting) for each incoming call. 200: use these instructions; 204: proceed normally.',
    }),
    ApiSecurity('apiKey'),
    ApiBasicAuth('basic'),
    ApiExtraModels(RoutingInstructions),
    ApiBody({ type: RoutingRequest, examples: EXAMPLE_REQUESTS }),
    ApiResponse({
      status: 200,
      description: 'A VIP: use these instructions.',
      headers: REASON_HEADER,
      content: {
        'application/json': {
          schema: { $ref: getSchemaPath(RoutingInstructions) },
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
    problem(
      403,
      'The credential is limited to other targets, or the address is outside the allowed networks.',
    ),
    problem(413, 'The body is larger than 64 KiB.'),
    problem(415, 'The body is not application/json.'),
    problem(429, 'Too many failed logins from this address; see Retry-After.'),
  );
}
