import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

/**
 * The answer 200: only the properties that Core is to touch. Four are known by name; any other key is passed through as
 * the administrator wrote it.
 */
@ApiSchema({
  description:
    'Routing instructions; absent = leave as it is. Further keys are passed through as configured.',
})
export class RoutingInstructions {
  @ApiPropertyOptional({ description: 'A queue, user or number, or DISCONNECT:', example: 'VIP_SALES_FI' })
  InitialTarget?: string;

  @ApiPropertyOptional({
    description: 'Where the call goes when the initial target does not answer.',
    example: 'SALES_OVERFLOW',
  })
  FailTarget?: string;

  @ApiPropertyOptional({ example: 10 })
  Priority?: number;

  @ApiPropertyOptional({ example: 50 })
  ExtraPriority?: number;
}
