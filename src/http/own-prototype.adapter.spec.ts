import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OwnPrototypeAdapter } from './own-prototype.adapter.js';

const seen: { request: Request; response: Response }[] = [];

@Controller()
class SeeingController {
  @Get()
  see(@Req() request: Request, @Res() response: Response): void {
    seen.push({ request, response });
    response.json({ ip: request.ip, query: request.query });
  }
}

@Module({ controllers: [SeeingController] })
class SeeingModule {}

describe('the adapter', () => {
  it('makes requests and responses with the prototypes that Express gives to each', async () => {
    const app = await NestFactory.create<NestExpressApplication>(SeeingModule, new OwnPrototypeAdapter(), {
      logger: false,
    });
    const born: object[] = [];
    try {
      await app.listen(0, '127.0.0.1');
      const server = app.getHttpServer();
      server.prependListener('request', (request: IncomingMessage, response: ServerResponse) =>
        born.push(Object.getPrototypeOf(request) as object, Object.getPrototypeOf(response) as object),
      );
      const answer = await fetch(`${await app.getUrl()}/?a=1`);
      expect(await answer.json()).toEqual({ ip: '127.0.0.1', query: { a: '1' } });
    } finally {
      await app.close();
    }
    const [{ request, response }] = seen as [(typeof seen)[number]];
    expect(born).toHaveLength(2);
    expect(born[0]).toBe(Object.getPrototypeOf(request));
    expect(born[1]).toBe(Object.getPrototypeOf(response));
  });
});
