const ORIGIN = /^(https?:\/\/[^/?#]+)(.*)$/is;

/** Splits an address template before its path: what stands in front is never a template. */
export function splitUrl(url: string): { origin: string; rest: string } | undefined {
  const [, origin, rest] = ORIGIN.exec(url.trim()) ?? [];
  if (origin === undefined || rest === undefined || !URL.canParse(origin)) return undefined;
  return { origin: new URL(origin).origin, rest: rest.startsWith('/') ? rest : `/${rest}` };
}
