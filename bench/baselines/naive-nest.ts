/**
 * The NestJS stack as tutorials build it, doing the whole work: passport's AuthGuard, a global ValidationPipe with
 * whitelist and transform, nestjs-pino, a histogram in an interceptor, the lookup in an injected service.
 */
import type {
  ArgumentsHost,
  CallHandler,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
  ValidationError,
} from '@nestjs/common';
import {
  BadRequestException,
  Body,
  Catch,
  Controller,
  Get,
  HttpException,
  Injectable,
  Module,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { IsObject, IsOptional, IsString, ValidateIf } from 'class-validator';
import type { Request, Response } from 'express';
import { Logger, LoggerModule, PinoLogger } from 'nestjs-pino';
import { createHash, timingSafeEqual } from 'node:crypto';
import { HeaderAPIKeyStrategy } from 'passport-headerapikey';
import { BasicStrategy } from 'passport-http';
import { collectDefaultMetrics, Counter, Histogram, register } from 'prom-client';
import type { Observable } from 'rxjs';
import { finalize } from 'rxjs';
import type { Call, Decision, Instructions } from './work.mjs';
import {
  callOf,
  decide,
  logFields,
  MAX_BODY_BYTES,
  problem,
  SECONDS_BUCKETS,
  settings,
  TEXTS,
} from './work.mjs';

interface User {
  readonly id: string;
}

@Injectable()
export class AuthService {
  byApiKey(apiKey: string): User | undefined {
    return settings.credentials.find((known) => known.apiKey !== undefined && same(known.apiKey, apiKey));
  }

  byPassword(username: string, password: string): User | undefined {
    return settings.credentials.find(
      (known) =>
        known.username !== undefined &&
        known.password !== undefined &&
        same(known.username, username) &&
        same(known.password, password),
    );
  }
}

/** In constant time, whatever the lengths. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

@Injectable()
export class ApiKeyStrategy extends PassportStrategy(HeaderAPIKeyStrategy, 'api-key') {
  constructor(private readonly auth: AuthService) {
    super({ header: 'X-Benemen-APIKey', prefix: '' }, false);
  }

  override validate(apiKey: string): User {
    const user = this.auth.byApiKey(apiKey);
    if (!user) throw new UnauthorizedException(TEXTS.wrongCredentials);
    return user;
  }
}

@Injectable()
export class BasicPasswordStrategy extends PassportStrategy(BasicStrategy, 'basic') {
  constructor(private readonly auth: AuthService) {
    super();
  }

  override validate(username: string, password: string): User {
    const user = this.auth.byPassword(username, password);
    if (!user) throw new UnauthorizedException(TEXTS.wrongCredentials);
    return user;
  }
}

@Module({ imports: [PassportModule], providers: [AuthService, ApiKeyStrategy, BasicPasswordStrategy] })
export class AuthModule {}

const text = ({ value }: { value?: unknown }): string => (value === undefined ? TEXTS.missing : TEXTS.noText);

export class RoutingDto {
  @ValidateIf(({ anum }: RoutingDto) => anum !== null)
  @IsString({ message: text })
  anum: string | null;

  @ValidateIf(({ bnum }: RoutingDto) => bnum !== null)
  @IsString({ message: text })
  bnum: string | null;

  @IsOptional()
  @IsString({ message: text })
  targetid?: string | null;

  @IsOptional()
  @IsObject({ message: TEXTS.noExtradata })
  extradata?: Record<string, unknown> | null;
}

function badRequest(errors: ValidationError[]): BadRequestException {
  return new BadRequestException(
    errors.map(({ property, constraints }) => ({
      path: property,
      message: Object.values(constraints ?? {}).join('; '),
    })),
  );
}

@Injectable()
export class MetricsService {
  readonly decisions = new Counter({
    name: 'smartrouting_decisions_total',
    help: 'Decisions by target and reason.',
    labelNames: ['target', 'reason'],
  });
  readonly seconds = new Histogram({
    name: 'smartrouting_decision_duration_seconds',
    help: 'Time of a decision.',
    buckets: SECONDS_BUCKETS,
  });

  constructor() {
    collectDefaultMetrics();
  }
}

@Injectable()
export class DurationInterceptor implements NestInterceptor {
  constructor(private readonly metrics: MetricsService) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const end = this.metrics.seconds.startTimer();
    return next.handle().pipe(finalize(() => end()));
  }
}

@Injectable()
export class LookupService {
  async find(call: Call): Promise<Decision> {
    return decide(call);
  }
}

@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly metrics: MetricsService,
    private readonly logger: PinoLogger,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const status = exception instanceof HttpException ? exception.getStatus() : 500;
    response.setHeader('Cache-Control', 'no-store').type('application/problem+json').status(status);
    if (status === 401) {
      const { 'x-benemen-apikey': apiKey, authorization } = request.headers;
      const detail = apiKey || authorization ? TEXTS.wrongCredentials : TEXTS.noCredentials;
      response.setHeader('WWW-Authenticate', TEXTS.challenge).send(JSON.stringify(problem(status, detail)));
      return;
    }
    this.metrics.decisions.inc({ target: 'unknown', reason: 'invalid-request' });
    // A body that is not JSON was refused before nestjs-pino saw the request.
    const user = request.user as User | undefined;
    if (user) this.logger.assign({ credential: user.id, reason: 'invalid-request' });
    response.setHeader('X-SmartRouting-Reason', 'invalid-request');
    response.send(JSON.stringify(problem(status, TEXTS.badBody, errorsOf(exception, request.body))));
  }
}

function errorsOf(exception: unknown, body: unknown): unknown {
  if (Array.isArray(body)) return [{ path: '', message: TEXTS.noObject }];
  const said =
    exception instanceof HttpException
      ? (exception.getResponse() as { message?: unknown }).message
      : undefined;
  return Array.isArray(said) ? said : [{ path: '', message: TEXTS.noJson }];
}

@Controller(settings.path)
export class RoutingController {
  constructor(
    private readonly lookup: LookupService,
    private readonly metrics: MetricsService,
    private readonly logger: PinoLogger,
  ) {}

  @Post()
  @UseGuards(AuthGuard(['api-key', 'basic']))
  @UseInterceptors(DurationInterceptor)
  async route(
    @Body() body: RoutingDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Instructions | undefined> {
    const startedMs = performance.now();
    const call = callOf(body);
    const decision = await this.lookup.find(call);
    this.metrics.decisions.inc({ target: decision.target, reason: decision.reason });
    const { id } = request.user as User;
    this.logger.assign(logFields(call, decision, id, performance.now() - startedMs));
    response.setHeader('X-SmartRouting-Reason', decision.reason);
    response.setHeader('Cache-Control', 'no-store');
    response.status(decision.instructions === undefined ? 204 : 200);
    return decision.instructions;
  }
}

@Controller('metrics')
export class MetricsController {
  @Get()
  async read(@Res() response: Response): Promise<void> {
    response.type(register.contentType).send(await register.metrics());
  }
}

@Module({
  imports: [
    LoggerModule.forRoot({
      // One line per call: pino-http's own, with the decision's fields assigned to it.
      assignResponse: true,
      pinoHttp: { redact: ['req.headers["x-benemen-apikey"]', 'req.headers.authorization'] },
    }),
    AuthModule,
  ],
  controllers: [RoutingController, MetricsController],
  providers: [LookupService, MetricsService, { provide: APP_FILTER, useClass: ProblemFilter }],
})
export class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, {
  bufferLogs: true,
  bodyParser: false,
});
app.useLogger(app.get(Logger));
app.disable('x-powered-by');
app.set('etag', false);
app.useBodyParser('json', { limit: MAX_BODY_BYTES });
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true, exceptionFactory: badRequest }));
await app.listen(Number(process.env['PORT']), '127.0.0.1');
