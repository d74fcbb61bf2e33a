import { beforeEach, describe, expect, it } from '@jest/globals';
import passport from 'passport';
import type { Request } from 'express';
import { apiKey, basic, PLAIN_KEY, start } from '../../test/support/guarded-app.js';
import type { LoginKey } from './remembered-logins.js';

/** Another kind of login, by a header of its own, in the place of HTTP Basic. */
class BadgeStrategy extends passport.Strategy {
  override readonly name = 'basic';
  readonly asked = { times: 0 };

  /** @param givesKey undefined: it passes nothing on at all */
  constructor(readonly givesKey: boolean | undefined) {
    super();
  }

  override authenticate(this: BadgeStrategy & passport.StrategyCreatedStatic, request: Request): void {
    this.asked.times++;
    const badge = request.headers['x-badge'];
    if (badge !== 'right') return this.fail();
    const key = `badge\n${badge}` as LoginKey;
    this.success({ id: 'badge' }, this.givesKey === undefined ? undefined : this.givesKey ? { key } : {});
  }
}

const BADGE = { 'X-Badge': 'right' };
const BESIDE: [string, Record<string, string>][] = [
  ['nothing', {}],
  ['a wrong key', apiKey('wrong')],
  ['a wrong password', basic('core', 'wrong')],
];

describe.each([undefined, false, true])(
  'a further kind of login, which gives a key to remember it under: %s',
  (givesKey) => {
    let badges: BadgeStrategy;
    let ask: Awaited<ReturnType<typeof start>>['ask'];

    beforeEach(async () => {
      badges = new BadgeStrategy(givesKey);
      ({ ask } = await start({ credentials: [PLAIN_KEY], basicStrategy: badges }));
    });

    it.each(BESIDE)('passes beside %s, and lets nobody pass who has only that', async (_, beside) => {
      for (let call = 1; call <= 3; call++) {
        expect((await ask({ ...beside, ...BADGE })).body).toEqual({ id: 'badge' });
        // What stood beside it was not found right.
        expect((await ask(beside)).status).toBe(401);
        expect((await ask({ ...beside, 'X-Badge': 'wrong' })).status).toBe(401);
        expect(badges.asked.times).toBe(3 * call);
      }
      expect((await ask(apiKey('key-1'))).body).toEqual({ id: 'core' });
    });
  },
);
