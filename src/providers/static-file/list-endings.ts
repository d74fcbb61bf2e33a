/** How the name of a list may end; that says how it is written. */
export const LIST_ENDINGS = /\.(?:csv|tsv|txt|json|ya?ml|xls[xm]|vcf|vcard|xml)$/i;
/** For messages. */
export const LIST_ENDINGS_TEXT = '.csv, .tsv, .txt, .json, .yaml, .yml, .xlsx, .xlsm, .vcf or .xml';
/** What other spreadsheets are to be saved as. */
export const SPREADSHEET_CURE = 'save other spreadsheets, such as .xls, .ods or .numbers, as .xlsx';
