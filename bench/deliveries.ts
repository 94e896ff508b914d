// `npm run bench -- [--quick] [--only rameau|mosquitto] [--scenario NAME]`: what a delivery costs.
// Prints Markdown. Read the CPU per delivery first: it holds on a busy machine, the rate does not.

import { parseArgs } from 'node:util'
import { requireProgram } from '../test/support/third-party.ts'
import { startMosquitto, startRameau } from './brokers.ts'
import { runFlow } from './generator.ts'
import type { Measured, Scenario } from './load.ts'
import { median, printTable, sayConditions } from './table.ts'

/** Messages of one publisher on their way. */
const WINDOW = 200
const PAYLOAD_BYTES = 64
const COMMON = { window: WINDOW, payloadBytes: PAYLOAD_BYTES, isDurable: false } as const
const ALL = { ...COMMON, reach: 'all' } as const
const OWN = { ...COMMON, reach: 'own', publishers: 25, subscribers: 25 } as const
const SCENARIOS: readonly Scenario[] = [
  { ...ALL, name: 'fan-in', publishers: 50, subscribers: 1, qos: 0 },
  { ...ALL, name: 'fan-out', publishers: 1, subscribers: 50, qos: 0 },
  { ...ALL, name: 'fan-out-q1', publishers: 1, subscribers: 50, qos: 1 },
  { ...OWN, name: 'p2p-q0', qos: 0 },
  { ...OWN, name: 'p2p-q1', qos: 1 },
  { ...OWN, name: 'p2p-q2', qos: 2 },
]

export async function measure(args: readonly string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      scenario: { type: 'string' },
    },
  })
  const seconds = flags.quick ? 1.5 : 5
  const rounds = flags.quick ? 1 : 3
  const mosquitto = requireProgram('mosquitto')
  if (mosquitto.path === undefined) console.error(`without Mosquitto: ${mosquitto.skip}`)
  const starts = [
    { name: 'rameau', start: startRameau },
    ...(mosquitto.path === undefined
      ? []
      : [{ name: 'mosquitto', start: () => startMosquitto(mosquitto.path) }]),
  ].filter(({ name }) => flags.only === undefined || flags.only === name)
  const scenarios = SCENARIOS.filter(({ name }) => [name, undefined].includes(flags.scenario))
  if (starts.length === 0 || scenarios.length === 0) throw new Error('nothing to measure')

  sayConditions(
    `payload ${PAYLOAD_BYTES} bytes, ${seconds} s after a warm-up, median of ${rounds}; each ` +
      `publisher has at most ${WINDOW} messages on their way and sends ${WINDOW / 2} at once`,
  )
  const rows: string[][] = []
  for (const scenario of scenarios) {
    const found = new Map<string, Measured[]>()
    // In turns, so that what else the machine does falls on both alike.
    for (let round = 0; round < rounds; round++) {
      for (const { start } of starts) {
        const broker = await start()
        try {
          const measured = await runFlow(broker, scenario, seconds)
          found.set(broker.name, [...(found.get(broker.name) ?? []), measured])
        } finally {
          await broker.stop()
        }
      }
    }
    for (const [name, all] of found) rows.push(rowOf(scenario, name, all))
  }
  printTable(
    ['scenario', 'broker', 'CPU µs/delivery', 'deliveries/s', 'per write', 'load busy'],
    rows,
  )
}

function rowOf({ name }: Scenario, broker: string, all: readonly Measured[]): string[] {
  const cost = median(all.map(({ serverCpuMs, deliveries }) => (serverCpuMs * 1000) / deliveries))
  const rate = median(all.map(({ deliveries, seconds }) => deliveries / seconds))
  const perWrite = median(all.map(({ deliveries, writes = Number.NaN }) => deliveries / writes))
  const busy = median(all.map(({ loadCpuMs, seconds }) => loadCpuMs / seconds / 1000))
  return [
    ...[name, broker, cost.toFixed(2), Math.round(rate).toLocaleString('en')],
    Number.isFinite(perWrite) ? perWrite.toFixed(1) : '-',
    `${Math.round(busy * 100)}%`,
  ]
}
