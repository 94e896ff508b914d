// `npm run bench -- durable [--quick] [--rounds N] [--only PART] [--folder DIR]`: what it costs to
// have on disk what is acknowledged: QoS 1 with and without it and beside Mosquitto, which writes
// nothing here; a disk whose sync is slow; the queue of a client that is away, filled and drained.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { requireProgram } from '../test/support/third-party.ts'
import type { BacklogMeasured, BacklogOrder, BacklogPhase } from './backlog.ts'
import { type Broker, startMosquitto, startRameau } from './brokers.ts'
import { runFlow, runLoad, type Watched } from './generator.ts'
import type { Measured, Scenario } from './load.ts'
import { judge, mebibytes, median, printTable, sayConditions, whole } from './table.ts'

const PAYLOAD_BYTES = 128
const PUBLISHERS = 100
/** A slow disk: an SD card, or a spinning one. */
const SLOW_MS = 50

const ONLINE: Scenario = {
  name: 'QoS 1',
  publishers: PUBLISHERS,
  subscribers: PUBLISHERS,
  reach: 'own',
  qos: 1,
  window: 20,
  payloadBytes: PAYLOAD_BYTES,
  isDurable: true,
}
/** No queue may be full. */
const NO_BOUNDS = {
  'limits.sessionQueueMax': 10_000_000,
  'limits.sessionQueueBytesMax': 10_000_000_000,
}
const BACKLOG = { publishers: PUBLISHERS, window: 200, payloadBytes: PAYLOAD_BYTES } as const

/** How a server is started; with a folder of its own where it writes. */
interface Mode {
  readonly name: string
  readonly start: (folder: string) => Promise<Broker>
}

const MEMORY: Mode = {
  name: 'Rameau --memory',
  start: () => startRameau({ isWatched: true, settings: NO_BOUNDS }),
}
const DURABLE: Mode = { name: 'Rameau', start: (data) => durably(data) }
const RELAXED: Mode = {
  name: 'Rameau, relaxed',
  start: (data) => durably(data, { durability: 'relaxed' }),
}
const SLOW: Mode = {
  name: `Rameau, sync +${SLOW_MS} ms`,
  start: (data) => durably(data, {}, SLOW_MS),
}

function durably(
  data: string,
  settings: Readonly<Record<string, string | number>> = {},
  journalDelayMs: number = 0,
): Promise<Broker> {
  const all = { ...NO_BOUNDS, ...settings }
  return startRameau({ data, isWatched: true, settings: all, journalDelayMs })
}

type Flow = Watched<Measured>

export async function measure(args: readonly string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      folder: { type: 'string', default: tmpdir() },
    },
  })
  const seconds = flags.quick ? 2 : 8
  const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 3))
  const messages = flags.quick ? 50_000 : 1_000_000
  const isAsked = (part: string) => flags.only === undefined || flags.only === part
  sayConditions(
    `payload ${PAYLOAD_BYTES} bytes, ${seconds} s after a warm-up, median of ${rounds}, data in ` +
      `${flags.folder}; CPU is of all threads`,
  )
  if (isAsked('online')) await measureOnline(seconds, rounds, flags.folder)
  if (isAsked('slow')) await measureSlow(seconds, flags.folder)
  if (isAsked('backlog')) await measureBacklog(messages, flags.folder)
}

async function measureOnline(seconds: number, rounds: number, folder: string): Promise<void> {
  const mosquitto = requireProgram('mosquitto')
  const modes = [MEMORY, DURABLE, RELAXED]
  if (mosquitto.path === undefined) console.error(`without Mosquitto: ${mosquitto.skip}`)
  else modes.push({ name: 'Mosquitto', start: () => startMosquitto(mosquitto.path) })
  console.log(`${PUBLISHERS} publishers, each with a subscriber whose session is durable`)
  const found = new Map<string, Flow[]>()
  // In turns, so that what else the machine does falls on all alike.
  for (let round = 0; round < rounds; round++) {
    for (const mode of modes) {
      const one = await within(mode, folder, (broker) => runFlow(broker, ONLINE, seconds))
      found.set(mode.name, [...(found.get(mode.name) ?? []), one])
    }
  }
  printFlows([...found])
  printLags([...found])
  const [memory = 0, durable = 0, , other] = modes.map(({ name }) => costOf(found.get(name) ?? []))
  judge(
    'durable means written: each round had commits',
    (found.get(DURABLE.name) ?? []).every(({ journal }) => (journal?.commits ?? 0) > 0),
  )
  judge(
    `durable costs ${(durable / memory).toFixed(2)} times the CPU of --memory, at most 2`,
    durable <= memory * 2,
  )
  if (other !== undefined) {
    const times = (durable / other).toFixed(2)
    judge(`durable costs ${times} times the CPU of Mosquitto, less than 1`, durable < other)
  }
  console.log()
}

async function measureSlow(seconds: number, folder: string): Promise<void> {
  console.log(
    `The same, and with more on the way, where each durable write takes ${SLOW_MS} ms more`,
  )
  const found: [string, Flow[]][] = []
  for (const window of [20, 200]) {
    for (const mode of [DURABLE, SLOW]) {
      const scenario = { ...ONLINE, window }
      const one = await within(mode, folder, (broker) => runFlow(broker, scenario, seconds))
      found.push([`${mode.name}, ${window * PUBLISHERS} on the way`, [one]])
    }
  }
  printFlows(found)
}

async function measureBacklog(messages: number, folder: string): Promise<void> {
  console.log(
    `Into the queue of one client that is away, ${whole(messages)} messages; and out again`,
  )
  const fill = async (mode: Mode, isDrained: boolean): Promise<BacklogMeasured> =>
    within(mode, folder, (broker) => {
      const order: BacklogOrder = {
        ...BACKLOG,
        ...{ messages, isDrained, port: broker.port, pid: broker.pid },
      }
      return runLoad(broker, 'backlog.ts', order, parseBacklog, 600)
    })
  const memory = await fill(MEMORY, true)
  const durable = await fill(DURABLE, true)
  const row = (name: string, phase: BacklogPhase, rss: readonly number[] = []) => [
    ...[name, whole(messages / phase.seconds)],
    ((phase.serverCpuMs * 1000) / messages).toFixed(2),
    whole((phase.diskBytes ?? Number.NaN) / messages),
    `${Math.round(phase.loadCpuMs / phase.seconds / 10)}%`,
    rss.length === 0 ? '-' : `${mebibytes(Math.min(...rss))} to ${mebibytes(Math.max(...rss))}`,
  ]
  const out = ({ drained, filled }: BacklogMeasured) => drained ?? { ...filled, rssBytes: [] }
  printTable(
    ['backlog', 'messages/s', 'CPU µs/message', 'disk bytes/message', 'load busy', 'memory'],
    [
      row('in, --memory', memory.filled),
      row('in, durable', durable.filled),
      row('out, --memory', out(memory), out(memory).rssBytes),
      row('out, durable', out(durable), out(durable).rssBytes),
    ],
  )
  console.log(`memory while it goes out, durable: ${tenOf(out(durable).rssBytes)}\n`)
  const share = memory.filled.seconds / durable.filled.seconds
  judge(`into it: ${share.toFixed(2)} of the rate of --memory, at least 0.5`, share >= 0.5)
}

/** Ten of the samples, evenly over the time. */
function tenOf(samples: readonly number[]): string {
  const step = Math.max(1, Math.floor(samples.length / 10))
  return samples
    .filter((_, index) => index % step === 0)
    .map((bytes) => mebibytes(bytes))
    .join(', ')
}

/** Starts a server on a fresh folder, and takes both away afterwards. */
async function within<T>(
  mode: Mode,
  folder: string,
  act: (broker: Broker) => Promise<T>,
): Promise<T> {
  const data = mkdtempSync(join(folder, 'rameau-bench-'))
  try {
    const broker = await mode.start(data)
    try {
      return await act(broker)
    } finally {
      await broker.stop()
    }
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

function costOf(all: readonly Flow[]): number {
  return median(all.map(({ serverCpuMs, deliveries }) => (serverCpuMs * 1000) / deliveries))
}

function printFlows(found: readonly (readonly [string, readonly Flow[]])[]): void {
  const of = (all: readonly Flow[], figure: (one: Flow) => number) => median(all.map(figure))
  const rows = found.map(([name, all]) => [
    ...[name, costOf(all).toFixed(2)],
    whole(of(all, ({ deliveries, seconds }) => deliveries / seconds)),
    whole(of(all, ({ diskBytes = Number.NaN, deliveries }) => diskBytes / deliveries)),
    whole(of(all, ({ journal, deliveries }) => (journal?.commitBytes ?? Number.NaN) / deliveries)),
    whole(of(all, ({ journal, deliveries }) => deliveries / (journal?.commits ?? 0))),
    of(all, ({ ackMs }) => ackMs[0]).toFixed(1),
    of(all, ({ ackMs }) => ackMs[1]).toFixed(1),
    `${Math.round(of(all, ({ loadCpuMs, seconds }) => loadCpuMs / seconds / 10))}%`,
  ])
  printTable(
    [
      ...['server', 'CPU µs/message', 'messages/s', 'disk bytes/message', 'of it journal'],
      ...['messages/commit', 'ack ms, p50', 'p99', 'load busy'],
    ],
    rows,
  )
}

/** Of all rounds together the worst, for a pause that comes once is a pause. */
function printLags(found: readonly (readonly [string, readonly Flow[]])[]): void {
  const rows = found.flatMap(([name, all]) => {
    const lags = all.flatMap(({ lag }) => lag ?? [])
    if (lags.length === 0) return []
    const worst = (key: 'p50' | 'p90' | 'p99' | 'p999' | 'max') =>
      Math.max(...lags.map((lag) => lag[key])).toFixed(1)
    return [[name, worst('p50'), worst('p90'), worst('p99'), worst('p999'), worst('max')]]
  })
  printTable(['event loop late, ms', 'p50', 'p90', 'p99', 'p99.9', 'max'], rows)
}

function parseBacklog(answer: unknown): BacklogMeasured {
  return answer as BacklogMeasured
}
