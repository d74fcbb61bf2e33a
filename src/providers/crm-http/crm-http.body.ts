import { isPlainObject } from '../../plugin-api/index.js';
import type { Json, JsonObject } from '../../plugin-api/index.js';
import { literalPart, templateProblem, TextTemplate } from './crm-http.templates.js';
import type { TemplateScope, TemplateVariables } from './crm-http.templates.js';
import { parseXml } from './crm-http.xml.js';

/** As what a body is sent. */
export const BODY_TYPES = ['json', 'form', 'xml'] as const;
export type BodyType = (typeof BODY_TYPES)[number];
export type Body = string | JsonObject | Json[];

interface Kind {
  readonly contentType: string;
  /** What the service asks an answer to be. */
  readonly accept: string;
  /** A `Content-Type` of one's own must fit. */
  readonly typePattern: RegExp;
}

export const BODY_KINDS: Readonly<Record<BodyType, Kind>> = {
  json: { contentType: 'application/json', accept: 'application/json', typePattern: /json/i },
  form: {
    contentType: 'application/x-www-form-urlencoded',
    accept: 'application/json',
    typePattern: /^application\/x-www-form-urlencoded\b/i,
  },
  xml: {
    contentType: 'application/xml; charset=utf-8',
    accept: 'application/xml, text/xml, application/soap+xml, application/json;q=0.5',
    typePattern: /xml/i,
  },
};

export type BodyTemplate = Pick<TextTemplate, 'variables' | 'render'>;

/** @param body for which `bodyProblem` finds no problem */
export function compileBody(body: Body, type: BodyType): BodyTemplate {
  if (typeof body === 'string') {
    return type === 'json' ? new TextTemplate(body, 'json-text') : new TextTemplate(body.trim(), type);
  }
  const templates = new Map<string, TextTemplate>();
  withTexts(body, (text) => {
    templates.set(text, new TextTemplate(text, 'json-value'));
    return text;
  });
  const write = type === 'form' ? asForm : JSON.stringify;
  return {
    variables: () => [...templates.values()].flatMap((template) => template.variables()),
    render: (scope) => write(withTexts(body, (text) => templates.get(text)!.render(scope))),
  };
}

/** A list is one field several times. */
function asForm(fields: Json): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields as Record<string, FormValue | FormValue[]>)) {
    for (const one of [value].flat()) form.append(name, String(one));
  }
  return form.toString();
}

type FormValue = string | number | boolean;

/** The value with all its texts replaced, at any depth. */
export function withTexts(value: Json, replace: (text: string) => string): Json {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((item) => withTexts(item, replace));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, withTexts(inner, replace)] as const),
  );
}

export function bodyProblem(
  body: unknown,
  { method, bodyType }: { readonly method?: unknown; readonly bodyType?: unknown },
  variables: TemplateVariables,
): string | undefined {
  if (method !== 'POST') return 'needs method: POST.';
  if (bodyType === 'xml') return xmlProblem(body, variables);
  if (bodyType === 'form') return formProblem(body, variables);
  if (typeof body === 'string') {
    return templateProblem(body, 'json-text', variables) ?? jsonTextProblem(body, variables);
  }
  if (!Array.isArray(body) && !isPlainObject(body)) {
    return 'must be a map, a list or a text, for example { phone: "{{ number }}" }.';
  }
  return valueProblem(body as Json, '', variables);
}

/** With a placeholder outside quotes, a caller's text could become JSON syntax; a sample text reveals that. */
function jsonTextProblem(body: string, { samples }: TemplateVariables): string | undefined {
  const template = new TextTemplate(body, 'json-text');
  return samples.some((scopes) =>
    scopes.every((scope) => isReadable(() => JSON.parse(template.render(scope)))),
  )
    ? undefined
    : 'is not JSON once it is filled in. Put placeholders in double quotes, for example {"phone": "{{ number }}"}, or write body as a map.';
}

const XML_RULE =
  'must be a text for bodyType xml, a template of the document, for example <find><phone>{{ number }}</phone></find>.';

/** As above: with blanks and an equals sign, a placeholder outside a text or a quoted attribute shows. */
function xmlProblem(body: unknown, variables: TemplateVariables): string | undefined {
  if (typeof body !== 'string') return XML_RULE;
  const problem = templateProblem(body, 'xml', variables);
  if (problem !== undefined) return problem;
  const template = compileBody(body, 'xml');
  const odd = (scope: TemplateScope) => withTexts(scope as JsonObject, (text) => `${text} = "'<&>`);
  return variables.samples.some((scopes) =>
    scopes.every((scope) => isReadable(() => parseXml(template.render(odd(scope) as TemplateScope)))),
  )
    ? undefined
    : 'is not well-formed XML once it is filled in. Put placeholders into the text of an element or into a quoted attribute, close each element, and write no <!DOCTYPE>.';
}

const FORM_RULE =
  'must be a map of names and texts for bodyType form, for example { phone: "{{ number }}" }, or a text such as phone={{ number }}&limit=10.';

function formProblem(body: unknown, variables: TemplateVariables): string | undefined {
  if (typeof body === 'string') {
    return /\s/.test(literalPart(body.trim()))
      ? 'has a blank or a line end in it. Write + for a blank, or write body as a map.'
      : templateProblem(body, 'form', variables);
  }
  if (!isPlainObject(body)) return FORM_RULE;
  const isSimple = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
  const wrong = Object.entries(body).find(([, value]) => ![value].flat().every(isSimple));
  return wrong === undefined ? valueProblem(body as Json, '', variables) : `at ${wrong[0]}: ${FORM_RULE}`;
}

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

function valueProblem(value: Json, path: string, variables: TemplateVariables): string | undefined {
  if (typeof value === 'string') {
    const problem = templateProblem(value, 'json-value', variables);
    return problem === undefined ? undefined : `at ${path}: ${problem}`;
  }
  const inner = Array.isArray(value)
    ? value.map((item, index) => [item, `${path}[${index}]`] as const)
    : isPlainObject(value)
      ? Object.entries(value).map(([name, item]) => [item, path === '' ? name : `${path}.${name}`] as const)
      : [];
  return inner
    .map(([item, at]) => valueProblem(item, at, variables))
    .find((problem) => problem !== undefined);
}
