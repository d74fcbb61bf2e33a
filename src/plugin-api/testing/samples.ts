/**
 * Texts that have broken lookups: SQL, LIKE wildcards, line ends, NUL, length, JSON and template syntax.
 * @since 0.1.0
 */
export const HOSTILE_TEXTS: readonly string[] = [
  `' OR '1'='1`,
  `"; DROP TABLE vip_caller; --`,
  '%',
  '_',
  '*',
  '+*',
  '\\',
  'a\r\nX-Injected: 1',
  'nul\0nul',
  '{{ 7 | times: 7 }}',
  '","tier":"gold","x":"',
  '../../etc/passwd',
  '?tier=gold&x=#',
  '\ud800',
  '\u202esip:+358501231234@example.com',
  'x'.repeat(10_000),
];

/**
 * Suffixes that make a VIP's number a different caller's text: if cut off or read as syntax, that caller would become
 * the VIP.
 */
const HOSTILE_ENDS = [
  '?x=1',
  '&x=1',
  '#x',
  '/../x',
  `' --`,
  '" x',
  '","x":"',
  '\0x',
  '\r\nX: 1',
  '%00x',
  '*x',
];

/** Hostile texts that begin with a VIP's number. */
export function hostileWith(number: string): string[] {
  return HOSTILE_ENDS.map((end) => number + end);
}

/**
 * A subscriber, and the ways in which people and systems write the number.
 * @since 0.1.0
 */
export interface NumberSample {
  /** ISO 3166-1 alpha-2 code of the country in which the national spellings are written. */
  readonly country: string;
  readonly e164: string;
  readonly written: readonly string[];
}

/**
 * Numbers with their usual spellings, some with a trap: a trunk prefix other than zero, none at all, a zero that
 * belongs to the number. All are reserved for fiction, or not in use.
 * @since 0.1.0
 */
export const NUMBER_SAMPLES: readonly NumberSample[] = [
  {
    country: 'FI',
    e164: '+358501231234',
    written: ['050 123 1234', '050-1231234', '+358 (0)50 123 1234', '00358501231234', 'tel:+358-50-123-1234'],
  },
  {
    country: 'SE',
    e164: '+46701740605',
    written: ['070-174 06 05', '0046 70 174 06 05', '+46 70-174 06 05'],
  },
  { country: 'NO', e164: '+4722123456', written: ['22 12 34 56', '+47 22 12 34 56', '004722123456'] },
  { country: 'DK', e164: '+4532123456', written: ['32 12 34 56', '+45 32123456'] },
  { country: 'DE', e164: '+493023125000', written: ['030 23125000', '030/23125000', '+49 (0)30 23125000'] },
  { country: 'GB', e164: '+447700900123', written: ['07700 900123', '+44 7700 900 123', '00447700900123'] },
  { country: 'FR', e164: '+33639981234', written: ['06 39 98 12 34', '06.39.98.12.34', '+33 6 39 98 12 34'] },
  { country: 'NL', e164: '+31202012345', written: ['020-201 2345', '+31 20 201 2345'] },
  { country: 'IT', e164: '+390612345678', written: ['06 1234 5678', '+39 06 1234 5678'] },
  { country: 'HU', e164: '+3612345678', written: ['06 1 234 5678', '+36 1 234 5678'] },
  { country: 'US', e164: '+12025550123', written: ['(202) 555-0123', '202.555.0123', '1-202-555-0123'] },
];
