const ORIGIN = /^(https?:\/\/[^/?#]+)(.*)$/is;

/** Splits an address template before its path: the part before it is never a template. */
export function splitUrl(url: string): { origin: string; rest: string } | undefined {
  const [, origin, rest] = ORIGIN.exec(url.trim()) ?? [];
  if (origin === undefined || rest === undefined || !URL.canParse(origin)) return undefined;
  return { origin: new URL(origin).origin, rest: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Nobody listens on port 0. @param url complete, or its origin */
export function portProblem(url: string): string | undefined {
  return new URL(url).port === '0'
    ? 'has port 0, on which no server listens. Write the port that the server listens on, or leave it out.'
    : undefined;
}
