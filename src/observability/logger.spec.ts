import { describe, expect, it, jest } from '@jest/globals';
import type { LoggingConfig } from './logging.config.js';
import { LogOutput } from './log-output.js';
import { createLogger, standardOutput } from './logger.js';
import { lookupContext, traceFields } from './lookup-context.js';

type Line = Record<string, unknown>;

function written(level: LoggingConfig['level'], mixin?: () => object): Line[] {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  const logger = createLogger({ level, numbers: 'masked' }, destination, mixin);
  for (const method of ['debug', 'info', 'warn', 'error'] as const) {
    logger[method]({ error: new TypeError('no answer to +358501231234') }, method);
  }
  return lines;
}

it('all standard outputs share one listener, which writes at the exit what each has left', () => {
  const listening = jest.spyOn(process, 'once').mockReturnThis();
  const ended = jest.spyOn(LogOutput.prototype, 'end').mockReturnValue();
  try {
    const outputs = Array.from({ length: 20 }, () => standardOutput(() => undefined));
    expect(listening.mock.calls).toEqual([['exit', expect.any(Function)]]);
    listening.mock.calls[0]![1]();
    expect(ended.mock.contexts).toEqual(outputs);
  } finally {
    jest.restoreAllMocks();
  }
});

describe('the log', () => {
  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('at level %s has %j', (level, expected) => {
    expect(written(level).map((line) => line['level'])).toEqual(expected);
  });

  it('tells errors with numbers masked, and their stacks at level debug only', () => {
    const [line] = written('error');
    expect(line!['error']).toEqual({ name: 'TypeError', message: 'no answer to +35850*****34' });
    const { error } = written('debug')[0] as { error: Line };
    expect(error['stack']).toContain('logger.spec');
    expect(error['stack']).not.toContain('358501231234');
  });

  it('says of lines that are written for a traced lookup which trace it is', () => {
    expect(written('error', traceFields)[0]).not.toHaveProperty('trace_id');
    const lookup = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', headers: {}, hasEnded: false };
    lookupContext.run(lookup, () => {
      expect(written('error', traceFields)[0]).toMatchObject({ trace_id: lookup.traceId });
    });
    // By a timer, say, that was begun for it.
    lookupContext.run({ ...lookup, hasEnded: true }, () => {
      expect(written('error', traceFields)[0]).not.toHaveProperty('trace_id');
    });
  });
});
