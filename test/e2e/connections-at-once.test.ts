// Many connections open at once, all served, and what each of them and its session takes. The full
// size is a bench, `npm run bench -- connections`, on the same code.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cost, measureConnections, measureSessions } from '../../bench/connections.ts'

const CONNECTIONS = 1000
const timeout = 200_000

/** The heap hardly varies; the bounds are about half as much again as what it is. */
function assertAtMost(
  costs: readonly Cost[],
  heapBytesMax: Readonly<Record<string, number>>,
): void {
  const heapBytes = Object.fromEntries(costs.map((cost) => [cost.name, cost.heapBytes]))
  for (const [name, max] of Object.entries(heapBytesMax)) {
    const bytes = heapBytes[name] ?? Number.NaN
    assert.ok(bytes <= max, `${name}: ${bytes} bytes of the heap, at most ${max}`)
    assert.ok(bytes > 0, `${name}: ${bytes} bytes were not measured`)
  }
}

test(`${CONNECTIONS} connections at once are served, and small`, { timeout }, async (t) => {
  const costs = await measureConnections(CONNECTIONS)
  for (const { name, heapBytes } of costs) t.diagnostic(`${name}: ${Math.round(heapBytes)} bytes`)
  assertAtMost(costs, {
    'TCP connection, nothing sent yet': 4000,
    'MQTT connection and its clean session': 1800,
    'its first subscription': 1200,
    'each further subscription': 800,
  })
})

test(`${CONNECTIONS} sessions without a connection are small`, { timeout }, async () => {
  const costs = await measureSessions(CONNECTIONS)
  assertAtMost(costs, { 'session without a connection': 2500, 'its first subscription': 1200 })
})
