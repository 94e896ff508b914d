// `npm run bench -- rules [--quick]`: what 1,000 rules cost a delivery of the fan-in, beside none.
// All of them are for every client, and those that allow what happens stand last.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Settings } from '../test/support/live-server.ts'
import { startRameau } from './brokers.ts'
import { runFlow } from './generator.ts'
import type { Scenario } from './load.ts'
import { median, printTable, sayConditions } from './table.ts'

const RULES = 1000
const PAYLOAD_BYTES = 64
const FAN_IN: Scenario = {
  ...{ name: 'fan-in', publishers: 50, subscribers: 1, reach: 'all', qos: 0 },
  ...{ window: 200, payloadBytes: PAYLOAD_BYTES, isDurable: false },
}

export async function measure(args: readonly string[]): Promise<void> {
  const options = { quick: { type: 'boolean', default: false } } as const
  const { values: flags } = parseArgs({ args: [...args], options })
  const seconds = flags.quick ? 1.5 : 5
  const rounds = flags.quick ? 3 : 9
  sayConditions(
    `fan-in of 50 publishers, payload ${PAYLOAD_BYTES} bytes, ${seconds} s after a warm-up, ` +
      `median of ${rounds}, in turns`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'rameau-bench-rules-'))
  try {
    const costs = await costsOf(kindsIn(folder), seconds, rounds)
    const [none = Number.NaN] = costs.values()
    const rows = [...costs].map(([name, cost]) => {
      const more = `${((cost / none - 1) * 100).toFixed(1)}%`
      return [name, cost.toFixed(3), more]
    })
    printTable(['rules', 'CPU µs/delivery', 'more than none'], rows)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The server's settings of each kind, by name. */
function kindsIn(folder: string): ReadonlyMap<string, Settings> {
  const rulesFile = join(folder, 'rules.yaml')
  const aclFile = join(folder, 'acl')
  writeFileSync(rulesFile, yamlRules())
  writeFileSync(aclFile, aclLines())
  return new Map<string, Settings>([
    ['none', {}],
    [`${RULES} in YAML`, { 'access.rulesFile': rulesFile }],
    [`${RULES} of Mosquitto`, { 'access.aclFile': aclFile }],
  ])
}

async function costsOf(
  kinds: ReadonlyMap<string, Settings>,
  seconds: number,
  rounds: number,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number[]>()
  // In turns, so that what else the machine does falls on all alike.
  for (let round = 0; round < rounds; round++) {
    for (const [name, settings] of kinds) {
      const broker = await startRameau({ settings })
      try {
        const { serverCpuMs, deliveries } = await runFlow(broker, FAN_IN, seconds)
        found.set(name, [...(found.get(name) ?? []), (serverCpuMs * 1000) / deliveries])
      } finally {
        await broker.stop()
      }
    }
  }
  return new Map([...found].map(([name, costs]) => [name, median(costs)]))
}

function yamlRules(): string {
  const others = Array.from({ length: RULES - 4 }, (_, at) =>
    at % 2 === 0
      ? `  - { allow: [publish, read], topic: 'site/${at}/+/state' }`
      : `  - { deny: publish, topic: ['plant/${at}/#', '+/${at}/set'] }`,
  )
  return [
    ...['rules:', '  - allow: connect', ...others],
    `  - { allow: [publish, read], topic: 'own/%c/#' }`,
    '  - { deny: publish, topic: bench/secret }',
    `  - { allow: [publish, read], topic: ['bench/#', '$SYS/#'] }`,
    '',
  ].join('\n')
}

function aclLines(): string {
  const others = Array.from({ length: RULES - 2 }, (_, at) => `topic readwrite site/${at}/+/state`)
  return [...others, 'pattern readwrite own/%c/#', 'topic readwrite bench/#', ''].join('\n')
}
