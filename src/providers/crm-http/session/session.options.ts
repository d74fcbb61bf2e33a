import { IsOptional } from 'class-validator';
import { Rule } from '../../../plugin-api/index.js';
import { authHeaderNameProblem, Expression, requestOptions } from '../crm-http.rules.js';
import { isHeaderText, literalPart, templateProblem, TextTemplate } from '../crm-http.templates.js';

/** The administrator writes the login; nothing of a call belongs into it. */
const NO_VARIABLES = { names: [], samples: [[{}]] };

/** The request that signs in, `auth.login`: to any host, because it holds the credentials itself. */
export class CrmHttpLoginOptions extends requestOptions('login', NO_VARIABLES) {
  /** JSONata expression: the login's answer -> the token. */
  @Expression(
    'is missing. Write a JSONata expression that takes the token from the answer of the login, for example data.access_token.',
  )
  readonly token: string;
}

/** The header with the token, `auth.header`. */
export class CrmHttpSessionHeaderOptions {
  /** Default: `Authorization`. */
  @IsOptional()
  @Rule((name) =>
    typeof name === 'string' ? authHeaderNameProblem(name) : 'must be text. Put it in quotes.',
  )
  readonly name?: string;

  /** Template with `{{ token }}`. */
  @Rule(valueProblem, { type: 'string', examples: ['Session {{ token }}'] })
  readonly value: string;
}

function valueProblem(value: unknown): string | undefined {
  const rule = 'must be a text with {{ token }} in it, for example Session {{ token }}.';
  if (typeof value !== 'string') return rule;
  if (!isHeaderText(literalPart(value)))
    return 'has a line end or a character beyond Latin-1, which no header can carry.';
  const problem = templateProblem(value, 'header', { names: ['token'], samples: [[{ token: 'sample' }]] });
  if (problem !== undefined) return problem;
  return new TextTemplate(value, 'header').variables().includes('token') ? undefined : rule;
}
