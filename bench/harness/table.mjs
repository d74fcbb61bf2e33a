/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function table(header, rows) {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   ')}`;
  return all.map(line).join('\n');
}

export function printRows(rows) {
  if (rows.length === 0) return;
  const units = Object.keys(rows[0]).filter((key) => key !== 'subject');
  const header = ['', ...units.flatMap((unit) => [TITLES[unit], 'quartiles'])];
  const cells = rows.map((row) => [
    row.subject,
    ...units.flatMap((unit) => [
      number(row[unit].median),
      `${number(row[unit].q1)} - ${number(row[unit].q3)}`,
    ]),
  ]);
  console.log(`${table(header, cells)}\n`);
}

const TITLES = {
  perSecond: 'answers/s',
  cpuMicroseconds: 'CPU us',
  p50: 'p50 ms',
  p99: 'p99 ms',
};

export function printFigures(figures) {
  if (figures.length === 0) return;
  const header = ['ratio', 'median', 'quartiles', 'by CPU', 'must', 'aim', ''];
  const cells = figures.map(({ figure, median, q1, q3, byCpu, atLeast, must, aim }) => [
    figure,
    number(median),
    q1 === undefined ? '' : `${number(q1)} - ${number(q3)}`,
    byCpu === undefined ? '' : number(byCpu),
    must === undefined ? 'report' : `${atLeast ? '' : 'below '}${must}`,
    aim === undefined ? '' : String(aim),
    must === undefined ? '' : reaches(median, must, atLeast) ? 'ok' : 'below must',
  ]);
  console.log(`${table(header, cells)}\n`);
}

export function reaches(value, must, atLeast) {
  return atLeast ? value >= must : value < must;
}

function number(value) {
  return value >= 1_000
    ? String(Math.round(value))
    : value >= 100
      ? value.toFixed(0)
      : value.toFixed(value >= 10 ? 1 : 2);
}
