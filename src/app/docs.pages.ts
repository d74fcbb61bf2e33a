import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Router, static as files } from 'express';
import type { Request, RequestHandler } from 'express';
import { VERSION } from '../common/version.js';
import '../health/health.openapi.js';
import '../routing/routing.openapi.js';

/** The API page and its document, for an application that is already serving: Nest would ignore routes added now. */
export function apiPages(app: NestExpressApplication): RequestHandler {
  const description = new DocumentBuilder()
    .setTitle('smartrouting-vip')
    .setDescription(
      'Who is calling, and where should this call go? Asked by Enreach Core (SmartRouting) for each incoming call.',
    )
    .setVersion(VERSION)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Benemen-APIKey' }, 'apiKey')
    .addBasicAuth({ type: 'http', scheme: 'basic' }, 'basic')
    .build();
  const router = Router();
  SwaggerModule.setup('docs', servedBy(router), () => SwaggerModule.createDocument(app, description), {
    jsonDocumentUrl: 'docs-json',
    raw: ['json'],
    // Otherwise the page sends its address to a public service.
    swaggerOptions: { validatorUrl: null },
  });
  return router;
}

/** All that Swagger needs of the application that serves its pages. */
function servedBy(router: Router): INestApplication {
  const adapter = {
    getType: () => 'express',
    getRequestUrl: ({ originalUrl }: Request) => originalUrl,
    get: (path: string, handler: RequestHandler) => router.get(path, handler),
  };
  const application = {
    getHttpAdapter: () => adapter,
    useStaticAssets: (folder: string, { prefix }: { prefix: string }) => router.use(prefix, files(folder)),
  };
  return application as unknown as INestApplication;
}
