// `npm run bench -- connections [--count N]`: what connections and sessions take in memory, and
// whether all are served. Prints Markdown. How it is measured is connections'.

import { parseArgs } from 'node:util'
import {
  type Cost,
  measureConnections,
  measurePresence,
  measureProcess,
  measureSessions,
  YOUNG_MIB,
} from './connections.ts'
import { mib, whole } from './figures.ts'

export async function measure(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { count: { type: 'string', default: '10000' } },
  })
  const count = Number(values.count)
  console.log(
    `Node ${process.version}, ${count} connections at once, each served with a message of its ` +
      `own, an acknowledged one and a ping. Bytes of each, after garbage collection; young ` +
      `generation of ${YOUNG_MIB} MiB.\n`,
  )
  console.log('| what | heap | external | RSS |\n| --- | ---: | ---: | ---: |')
  printCosts(await measureConnections(count))
  printCosts(await measurePresence(count))
  printCosts(await measureSessions(count))
  const { empty, connected } = await measureProcess(count)
  console.log(
    `\nNode's defaults: RSS of ${mib(empty)} empty, ${mib(connected)} with all connected.`,
  )
}

function printCosts(costs: readonly Cost[]): void {
  for (const { name, heapBytes, externalBytes, rssBytes } of costs) {
    console.log(`| ${[name, ...[heapBytes, externalBytes, rssBytes].map(whole)].join(' | ')} |`)
  }
}
