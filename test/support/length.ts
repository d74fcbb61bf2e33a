/** Everything at length: `npm run test:all`. Otherwise every promise once. */
export const IS_LONG = process.env['SMARTROUTING_TESTS'] === 'long';
