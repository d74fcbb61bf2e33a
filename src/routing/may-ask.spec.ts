import { describe, expect, it } from '@jest/globals';
import type { TargetConfig } from './targets.config.js';
import { Problem } from '../http/problem.js';
import { assertMayAsk } from './may-ask.js';

const CONFIGURED = new Map(['SALES_QUEUE', 'SUPPORT', 'default'].map((name) => [name, {} as TargetConfig]));

function ask(targets: readonly string[] | undefined, targetid?: string) {
  const kinds: string[] = [];
  let refusal: unknown;
  try {
    assertMayAsk({ id: 'core', targets }, targetid, CONFIGURED, {
      authFailure: (kind) => kinds.push(kind),
    });
  } catch (error) {
    refusal = error;
  }
  return { kinds, refusal };
}

describe('assertMayAsk', () => {
  it('lets a credential without targets ask for all', () => {
    expect(ask(undefined, 'SALES_QUEUE')).toEqual({ kinds: [], refusal: undefined });
    expect(ask(undefined)).toEqual({ kinds: [], refusal: undefined });
  });

  it('lets a limited credential ask for its targets', () => {
    expect(ask(['SALES_QUEUE', 'default'], 'SALES_QUEUE').refusal).toBeUndefined();
    expect(ask(['SALES_QUEUE', 'default']).refusal).toBeUndefined();
  });

  it.each(['SUPPORT', 'sales_queue', 'default', undefined])(
    'refuses and counts the other target %s',
    (targetid) => {
      const { kinds, refusal } = ask(['SALES_QUEUE'], targetid);
      expect(kinds).toEqual(['target']);
      expect(refusal).toBeInstanceOf(Problem);
      expect((refusal as Problem).body).toEqual({
        type: 'about:blank',
        title: 'Forbidden',
        status: 403,
        detail:
          'This credential is limited to other targets. Send one of its targets as targetid, or another credential.',
      });
    },
  );

  it('lets one that is limited to default ask for every targetid that is not a target of its own', () => {
    expect(ask(['default'], 'NEVER_CONFIGURED').refusal).toBeUndefined();
    expect(ask(['default'], 'SALES_QUEUE').kinds).toEqual(['target']);
  });

  it('refuses everything to a credential with an empty list', () => {
    expect(ask([]).kinds).toEqual(['target']);
  });
});
