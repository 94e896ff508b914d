// `npm run bench -- [--quick] [--only rameau|mosquitto] [--scenario NAME]`: what a delivery costs.
// Prints Markdown. Read the CPU per delivery first: it holds on a busy machine, the rate does not.

import { execFile } from 'node:child_process'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { requireProgram } from '../test/support/third-party.ts'
import { type Broker, startMosquitto, startRameau } from './brokers.ts'
import { BATCH, type Measured, type Order, type Scenario, WINDOW } from './load.ts'

const SCENARIOS: readonly Scenario[] = [
  { name: 'fan-in', publishers: 50, subscribers: 1, reach: 'all', qos: 0 },
  { name: 'fan-out', publishers: 1, subscribers: 50, reach: 'all', qos: 0 },
  { name: 'fan-out-q1', publishers: 1, subscribers: 50, reach: 'all', qos: 1 },
  { name: 'p2p-q0', publishers: 25, subscribers: 25, reach: 'own', qos: 0 },
  { name: 'p2p-q1', publishers: 25, subscribers: 25, reach: 'own', qos: 1 },
  { name: 'p2p-q2', publishers: 25, subscribers: 25, reach: 'own', qos: 2 },
]
const PAYLOAD_BYTES = 64

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    scenario: { type: 'string' },
  },
})
const SECONDS = flags.quick ? 1.5 : 5
const ROUNDS = flags.quick ? 1 : 3
const LOAD_MS_MAX = 60_000

async function main(): Promise<void> {
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

  printConditions()
  for (const scenario of scenarios) {
    const rows = new Map<string, Measured[]>()
    // In turns, so that what else the machine does falls on both alike.
    for (let round = 0; round < ROUNDS; round++) {
      for (const { start } of starts) {
        const broker = await start()
        try {
          const measured = await measure(broker, scenario)
          rows.set(broker.name, [...(rows.get(broker.name) ?? []), measured])
        } finally {
          await broker.stop()
        }
      }
    }
    for (const [name, all] of rows) printRow(scenario, name, all)
  }
}

async function measure(broker: Broker, scenario: Scenario): Promise<Measured> {
  const order: Order = {
    ...{ scenario, port: broker.port, pid: broker.pid },
    ...{ seconds: SECONDS, payloadBytes: PAYLOAD_BYTES },
  }
  const args = [join(import.meta.dirname, 'load.ts'), JSON.stringify(order)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: LOAD_MS_MAX })
  return parseMeasured(stdout)
}

function parseMeasured(text: string): Measured {
  return JSON.parse(text) as Measured
}

function printConditions(): void {
  const [cpu] = cpus()
  console.log(`Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpu?.model}`)
  console.log(
    `MQTT 3.1.1, loopback, payload ${PAYLOAD_BYTES} bytes, ${SECONDS} s after a warm-up, ` +
      `median of ${ROUNDS}; each publisher has at most ${WINDOW} messages on their way and sends ` +
      `${BATCH} at once; the load runs beside the broker on the same machine.\n`,
  )
  console.log('| scenario | broker | CPU µs/delivery | deliveries/s | per write | load busy |')
  console.log('| --- | --- | ---: | ---: | ---: | ---: |')
}

function printRow({ name }: Scenario, broker: string, all: readonly Measured[]): void {
  const cost = median(all.map(({ serverCpuMs, deliveries }) => (serverCpuMs * 1000) / deliveries))
  const rate = median(all.map(({ deliveries, seconds }) => deliveries / seconds))
  const perWrite = median(all.map(({ deliveries, writes = Number.NaN }) => deliveries / writes))
  const busy = median(all.map(({ loadCpuMs, seconds }) => loadCpuMs / seconds / 1000))
  const cells = [
    cost.toFixed(2),
    Math.round(rate).toLocaleString('en'),
    Number.isFinite(perWrite) ? perWrite.toFixed(1) : '-',
    `${Math.round(busy * 100)}%`,
  ]
  console.log(`| ${name} | ${broker} | ${cells.join(' | ')} |`)
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? Number.NaN
}

await main()
