/** Digits, spaces and a plus sign: such a text can only be a number or an extension. */
export const PLAIN = /^\+?\d[\d ]*$/;
/** Hyphens, too: the end of a number may be a range, a date or an extension. Nothing else needs a look. */
export const GROUPED = /^\+?\d[\d -]*\d$/;
export const E164 = /^\+[1-9]\d{2,14}$/;
/** How databases and spreadsheets write an empty value. */
export const EMPTY =
  /^(?:[(<[]?null[)>\]]?|\\n|nil|none|nan|n\/a|#\p{L}[\p{L}\d/¡]*[!?]?|undefined|[-–—.?]+)$/iu;
export const URI = /^(?:\S+@\S+|(?:sips?|mailto|https?):\S+)$/i;
export const ADDRESS = /[<(]?[^\s<>(),;]+@[^\s<>(),;]+[>)]?|https?:\/\/\S+/gi;
/** `TRUE`, `12:30`, `-12/-13`: nothing that a call could show. */
export const NO_NUMBER = /^(?:true|false|\d{1,2}:\d{2}(?::\d{2})?|-\s*\d{1,4}(?:\s*[/,;]\s*-?\s*\d{1,4})*)$/i;
/** `1-800-FLOWERS`, `800-555-HELP`. */
export const VANITY = /^\+?[\d\s().-]*\d{3}[\s).-]+(?:\d{3}[\s.-]+)?[A-Z]{4,}(?:-[A-Z]+)*$/;
export const EXPONENT = /^\D{0,2}\d+(?:[.,]\d*)?\s*(?:e\s*[+-]?|[x×*·]\s*10\s*\^?\s*[+-]?)\s*\d+$/i;
const DATE =
  /^(?:(\d{1,2})([./-])(\d{1,2})\2(?:(?:19|20)\d{2}|\d{2})|(?:19|20)\d{2}([./-])(\d{1,2})\4(\d{1,2}))\.?$/;
const IP = /^(?:\d{1,3}\.){3}\d{1,3}$/;
/** Other ways to write "and all that follow": `1???`, `1%`, `1...`, `1xxx`, `1#`, `1--`, `1 ff.`. */
export const OPEN_END =
  /\d[\s\-./]*(?:\?+|%+|\.{2,}|#+|_{2,}|[-–—~+>$]+|\[\d-\d\]|(?:[xn]+[\s.-]*)+|(?:ff?|etc|usw|jne|osv|onwards?|and up|alkaen|from)\.?)$/i;
export const BETWEEN =
  /^(.*\d)\s*(?:[-\u2010-\u2015\u2212~]|\.{2,}|\s(?:bis|to|till?|through|thru|-|à)\s)\s*(\d{1,15})$/i;
/** What may be the end of a number or something else: `… - 12`, `…_12`, `…-5`, `… (5)`, `…[12]`. */
export const TAIL = /^(.*\d)(\s+[-–]\s+|[_·]|-|\s*[([])[\s.]*(\d{1,4}(?:[-–/.,]\d{1,4})*)[)\]]?\.?$/;
const HALVES = /^([1-9]\d*)\s*(?:[-\u2010-\u2015\u2212~]|\.{2,})\s*(\d+)$/;
const EXTENSION_WORD =
  'ext(?:n|ension)?|x|dw|durchwahl|nebenstelle|nst|ank(?:n(?:ytning)?)?|al(?:anro|anumero)|poste|interno?|anexo|ramal|app(?:arat)?|toestel|lokal|linje|wew|доб|内線|option|pin';
export const EXTENSION = new RegExp(
  `\\d[\\s,;([-]*(?:(?:${EXTENSION_WORD})[\\s.:=]*|#\\s*)\\d{1,7}[)\\]]?$`,
  'i',
);
export const ENTIRELY_EXTENSION = new RegExp(`^(?:${EXTENSION_WORD}|[oil])[\\s.:=]*(?=[+\\d])`, 'i');
/** Separators of numbers: always, or only if both sides are numbers, because people also use them within one number. */
export const SEPARATOR =
  /;(?!\s*[a-z-]+=)|:{2,}|[\r\n\v\t\u2028\u2029|&•、・]+|<br\s*\/?>|\s(?:or|and|oder|und|tai|ja|sekä|eller|och|ou|et|og|y|e)\s|(?<=\d)\s+(?=\+\s?\d)/i;
export const WEAK_SEPARATOR = /[,/]/;
/** Words for a telephone; after other words, a number must be recognisable by its prefix. */
export const PHONE =
  /^(?:tele?(?:ph|f)?o?n?\w*|tel|tlf|tfn|puh\w*|phone|mob\w*|mobiili|matka\w*|cell\w*|gsm|handy|natel|direct|direkt|suora|main|work|office|home|koti|työ|toimisto|privat|dienst|büro|business|whatsapp|[tmphwdc])$/i;
export const NOT_PHONE =
  /\b(?:box|iban|bic|konto|account|order|invoice|inv|id|vat|cvr|org|orgnr|room|kund\w*|customer|bg|pg|isbn|version?|versio|eur|usd|sek|nok|dkk|gbp|chf|kr|no|nr|str\w*)\b\.?|[€$£¥]/i;
const NO_LONGER =
  'old|former|invalid|not|blocked|wrong(?: number)?|vanha|entinen|poistettu|poistunut|väärä(?: numero)?|estetty|ei (?:enää )?käytössä|gammalt?|fel nummer|används (?:ej|inte)|upphört|veraltet|nicht mehr|falsche nummer|ungültig';
/** As a label or a remark, which is all that is in the text besides the number; elsewhere, they may be a name. */
const SHORT_FOR_UNUSED = String.raw`^\s*[([]?(?:alt|ex|ent\.|ehem\.|fx|F:)[\s.:)\]-]*(?=[+(\d])|\d[\s,;([-]*(?:alt|ex|ent\.?|ehem\.?|fx)[)\].]*\s*$|^\s*(?:alt|ex|ent\.?|ehem\.?|fx)\s*$`;
const FAX_OR_PAGER =
  '(?:tele)?fax(?:nr|no|nummer)?|(?:tele)?faksi|pager|hakulaite|(?:person)?sökare|piepser|funkruf';
/** Fax, pager, or no longer in use; whole words, of which the first and last letter may be one that \b does not know. */
export const UNUSED = new RegExp(
  String.raw`(?<![\p{L}\d])(?:${FAX_OR_PAGER}|${NO_LONGER})(?![\p{L}\d])|${SHORT_FOR_UNUSED}`,
  'iu',
);
export const LABEL = /^[([]?(\p{L}[\p{L}\p{M} .'/-]{0,30}?)(?:[.:)\]]+\s*|\s+)(?=[+(\d[])/u;
export const REMARK_AT_START = /^(?:\([^()\d\p{L}]*\p{L}[^()\d]*\)|\[[^[\]\d\p{L}]*\p{L}[^[\]\d]*\])\s*/u;
export const BRACKETS = /\s*[([]([^()[\]]*\p{L}[^()[\]]*)[)\]]/gu;
/** Lower case, because letters of a keypad are written in capitals, as is an O in place of a zero. */
export const REMARK = /(?:\s+|\s*[-–:,]\s*)(?!(?:[xno]+[\s.]*)+$)\p{Lu}?[\p{Ll}\p{M}][\p{Ll}\p{M}. -]+$/u;
/** `2. 09 123 4567`, `(2) …`, `24/7 …`: an ordinal or a time before a number. */
export const IN_FRONT =
  /^[([]?([1-9]\d{0,3}|\d{1,2}(?:[./–-]\d{1,2})+\.?)([)\]]?[.:]?)[\s,/]+(?!\(\s*0\s*\))(\D*\d.*)$/;
export const THOUSANDS = /^(\+?\d{1,3}(?:,\d{3}){2,})(?:[.,](\d+))?$/;
/** With fewer digits, it is not a number after which another one could be abbreviated. */
export const MIN_HEAD = 5;
/** E.164 allows 15, plus prefixes. */
export const MAX_DIGITS = 19;

/** `="0501231234"`, `'0501231234`, `[+358] 50…`. */
export function unwrap(text: string): string {
  const formula = /^="*([^"]*)"*$/.exec(text)?.[1] ?? text;
  return formula
    .replace(/^(['’‘`´])(?!.*\1$)/, '')
    .replace(/^(["'’])(.*)\1$/, '$2')
    .replace(/^\[(\+?\d+)\]/, '$1 ')
    .trim();
}

export function isDate(text: string): boolean {
  const [, first, , second, , month, day] = DATE.exec(text) ?? [];
  const [a, b] = [Number(first ?? month), Number(second ?? day)];
  return a >= 1 && b >= 1 && Math.max(a, b) <= 31 && Math.min(a, b) <= 12;
}

/** Denmark and Norway write numbers in groups of two digits. */
export function isIp(text: string): boolean {
  if (!IP.test(text)) return false;
  const groups = text.split('.');
  return (
    groups.every((group) => Number(group) <= 255 && String(Number(group)) === group) &&
    groups.some(({ length }) => length !== 2)
  );
}

export function digitCount(text: string): number {
  return text.replace(/\D/g, '').length;
}

/** `1000-1999`: a block of extensions, although its digits together may be a number of the plan. */
export function isBlock(text: string): boolean {
  const [, from, to] = HALVES.exec(text) ?? [];
  if (from === undefined || from.length < 3 || from.length !== to!.length || from > to!) return false;
  const isOfTen = from.endsWith('0') && to === `${from.slice(0, -1)}9`;
  return isOfTen || (from.endsWith('00') && to!.endsWith('99'));
}

/** The last digits of another number, written after it. */
export function isEnd(piece: string): boolean {
  return /^[-\s]*\d{1,4}$/.test(piece);
}
