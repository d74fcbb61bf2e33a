/** How the name of a list may end; that says how it is written. */
export const LIST_ENDINGS = /\.(?:csv|tsv|txt|json|ya?ml|xlsx|vcf|vcard|xml)$/i;
/** For messages. */
export const LIST_ENDINGS_TEXT = '.csv, .tsv, .txt, .json, .yaml, .yml, .xlsx, .vcf or .xml';
