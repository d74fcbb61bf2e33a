import type { INestApplication, OnModuleInit } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/**
 * The OpenAPI pages `/docs` and `/docs-json`. Published when Nest has registered the routes of all controllers: Express
 * tries routes in their order, and a call should not have to pass by ten that are not its own.
 */
@Injectable()
export class ApiDocs implements OnModuleInit {
  #app: INestApplication | undefined;

  /** @param app whose routes are described, not yet initialised */
  describe(app: INestApplication): void {
    this.#app = app;
  }

  onModuleInit(): void {
    const app = this.#app;
    if (app === undefined) return;
    const description = new DocumentBuilder()
      .setTitle('smartrouting-vip')
      .setDescription(
        'Who is calling, and where should this call go? Asked by Enreach Core (SmartRouting) for each incoming call.',
      )
      .setVersion(version)
      .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Benemen-APIKey' }, 'apiKey')
      .addBasicAuth({ type: 'http', scheme: 'basic' }, 'basic')
      .build();
    SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description), {
      jsonDocumentUrl: 'docs-json',
    });
  }
}
