// What the parts of the benchmark have in common on paper: conditions, tables, medians, verdicts.

import { cpus, release } from 'node:os'

/** `more` is what else must be known to read the figures. */
export function sayConditions(more: string): void {
  const [cpu] = cpus()
  const machine = `Linux ${release()}, ${cpus().length} × ${cpu?.model}`
  console.log(`Node ${process.version}, ${machine}`)
  console.log(
    `MQTT 3.1.1, loopback, ${more}; the load runs beside the broker on the same machine.\n`,
  )
}

/** The first two columns are words. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`| ${head.join(' | ')} |`)
  console.log(`| ${head.map((_, index) => (index < 2 ? '---' : '---:')).join(' | ')} |`)
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
  console.log()
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? Number.NaN
}

export function whole(figure: number): string {
  return Number.isFinite(figure) ? Math.round(figure).toLocaleString('en') : '-'
}

export function mebibytes(bytes: number): string {
  return `${whole(bytes / 1024 / 1024)} MiB`
}

/** One line of what was promised; a broken promise is the exit code as well. */
export function judge(what: string, isKept: boolean): void {
  console.log(`${isKept ? 'PASS' : 'FAIL'}: ${what}`)
  if (!isKept) process.exitCode = 1
}
