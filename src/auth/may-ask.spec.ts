import { describe, expect, it } from '@jest/globals';
import { Problem } from '../http/problem.js';
import { assertMayAsk } from './may-ask.js';

function ask(targets: readonly string[] | undefined, target: string) {
  const kinds: string[] = [];
  let refusal: unknown;
  try {
    assertMayAsk({ id: 'core', targets }, target, { authFailure: (kind) => kinds.push(kind) });
  } catch (error) {
    refusal = error;
  }
  return { kinds, refusal };
}

describe('assertMayAsk', () => {
  it('lets a credential without targets ask for all', () => {
    expect(ask(undefined, 'SALES_QUEUE')).toEqual({ kinds: [], refusal: undefined });
    expect(ask(undefined, 'default')).toEqual({ kinds: [], refusal: undefined });
  });

  it('lets a limited credential ask for its targets', () => {
    expect(ask(['SALES_QUEUE', 'default'], 'SALES_QUEUE').refusal).toBeUndefined();
    expect(ask(['SALES_QUEUE', 'default'], 'default').refusal).toBeUndefined();
  });

  it.each(['SUPPORT', 'sales_queue', 'default'])('refuses and counts the other target %s', (target) => {
    const { kinds, refusal } = ask(['SALES_QUEUE'], target);
    expect(kinds).toEqual(['target']);
    expect(refusal).toBeInstanceOf(Problem);
    expect((refusal as Problem).body).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail:
        'This credential is limited to other targets. Send one of its targets as targetid, or another credential.',
    });
  });

  it('refuses everything to a credential with an empty list', () => {
    expect(ask([], 'default').kinds).toEqual(['target']);
  });
});
