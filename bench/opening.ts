// `npm run bench -- opening [--quick] [--folder DIR]`: how long a server takes to be ready and what
// it holds then, by how much it has to remember: two sizes, so that one sees whether it is linear;
// each after a kill -9, which leaves work to the opening, and after an orderly end.

import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { encode } from '../src/codec/mqtt/encode.ts'
import { PacketType } from '../src/codec/mqtt/packets.ts'
import { NO_PROPERTIES } from '../src/codec/mqtt/properties.ts'
import { connectClient } from '../test/support/live-client.ts'
import { cpuMsOf } from '../test/support/live-server.ts'
import { freePort } from '../test/support/mosquitto-broker.ts'
import { answers, type Broker, launchRameau, startRameau } from './brokers.ts'
import { dialPeer } from './peer.ts'
import { rssBytesOf } from './process-figures.ts'
import { judge, mebibytes, printTable, sayConditions, whole } from './table.ts'

/** What a server has to remember. */
interface Size {
  readonly retained: number
  readonly sessions: number
}

interface Opened {
  readonly seconds: number
  /** Of all threads, until then. */
  readonly cpuSeconds: number
  readonly rssBytes: number
  /** The most until then. */
  readonly peakBytes: number
  /** Asked for readiness, it said at least once that it was not ready. */
  readonly saidNotReady: boolean
  /** MQTT was listened for while it was not ready. */
  readonly wasOpenTooSoon: boolean
}

const PAYLOAD = Buffer.alloc(64, 'x')
const BATCH = 1000
const SITES = 1000
/** How many clients act at once. */
const CROWD = 100
const LOOK_MS = 5
const OPEN_MS_MAX = 300_000
/** Twice the size may take so many times the CPU, beyond what an empty one takes. */
const LINEAR_MAX = 2.5
const SETTINGS = { 'sys.intervalS': 1 }

export async function measure(args: readonly string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      folder: { type: 'string', default: tmpdir() },
    },
  })
  const full: Size = flags.quick
    ? { retained: 20_000, sessions: 2000 }
    : { retained: 1_000_000, sessions: 100_000 }
  const half: Size = { retained: full.retained / 2, sessions: full.sessions / 2 }
  sayConditions(
    `retained messages of ${PAYLOAD.length} bytes, sessions of one subscription, data in ` +
      `${flags.folder}; from the start of the process until /readyz says 200`,
  )
  const rows: string[][] = []
  const all: Opened[] = []
  const clean: Opened[] = []
  for (const size of [{ retained: 0, sessions: 0 }, half, full]) {
    const data = mkdtempSync(join(flags.folder, 'rameau-bench-'))
    try {
      await makeState(data, size)
      const killed = await open(data, size, 'SIGTERM')
      const ended = await open(data, size, 'SIGKILL')
      rows.push(rowOf(size, 'kill -9', killed), rowOf(size, 'orderly', ended))
      all.push(killed, ended)
      clean.push(ended)
    } finally {
      rmSync(data, { recursive: true, force: true })
    }
  }
  printTable(
    ['to remember', 'after', 'seconds', 'CPU seconds', 'memory when ready', 'at most'],
    rows,
  )
  judgeAll(all, clean)
}

function judgeAll(all: readonly Opened[], clean: readonly Opened[]): void {
  // By the CPU, which other work on the machine changes least.
  const [none = 0, half = 0, full = 0] = clean.map(({ cpuSeconds }) => cpuSeconds)
  const times = (full - none) / (half - none)
  judge(
    `twice as much takes ${times.toFixed(2)} times the CPU, at most ${LINEAR_MAX}`,
    times <= LINEAR_MAX,
  )
  judge('/readyz said 503 meanwhile', all.at(-1)?.saidNotReady === true)
  judge('listens for MQTT only when ready', !all.some(({ wasOpenTooSoon }) => wasOpenTooSoon))
}

function rowOf({ retained, sessions }: Size, after: string, opened: Opened): string[] {
  const what = `${whole(retained)} retained, ${whole(sessions)} sessions`
  const { seconds, cpuSeconds, rssBytes, peakBytes } = opened
  const times = [seconds.toFixed(2), cpuSeconds.toFixed(2)]
  return [what, after, ...times, mebibytes(rssBytes), mebibytes(peakBytes)]
}

/** Over MQTT, as it comes about; the server that made it is killed. */
async function makeState(data: string, { retained, sessions }: Size): Promise<void> {
  const broker = await startRameau({ data, settings: SETTINGS })
  try {
    await publishRetained(broker, retained)
    for (let from = 0; from < sessions; from += CROWD) {
      const crowd = Array.from({ length: Math.min(CROWD, sessions - from) }, (_, at) => from + at)
      await Promise.all(crowd.map((index) => makeSession(broker.port, index)))
    }
  } finally {
    await broker.stop()
  }
}

/** At QoS 0, which nobody waits for; the last one's acknowledgement says that all are kept. */
async function publishRetained({ port }: Broker, count: number): Promise<void> {
  const client = await connectClient({ port, clientId: 'publisher', version: 4 })
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from)
    const frames = Array.from({ length: size }, (_, index) => retainedFrame(from + index))
    client.send(Buffer.concat(frames))
    await client.ping()
  }
  await client.publish('last', 'x', 1)
  await client.disconnect()
}

function retainedFrame(index: number): Uint8Array {
  return encode(
    {
      ...{ type: PacketType.publish, qos: 0, dup: false, retain: true, packetId: 0 },
      ...{ topic: topicOf(index), properties: NO_PROPERTIES, payload: PAYLOAD },
    },
    4,
  )
}

function topicOf(index: number): string {
  return `site/${index % SITES}/sensor/${index}`
}

async function makeSession(port: number, index: number): Promise<void> {
  const client = await dialPeer(port, () => undefined)
  await client.open(`client-${index}`, false)
  await client.subscribe(`order/${index}/+`, 1)
  await client.leave()
}

/** Starts it, looks until it is ready, and ends it with `signal`. */
async function open(data: string, size: Size, signal: NodeJS.Signals): Promise<Opened> {
  const [mqtt, http] = [await freePort(), await freePort()]
  const startMs = performance.now()
  const child = launchRameau(mqtt, { data, http, settings: SETTINGS })
  const ended = once(child, 'exit')
  const pid = child.pid ?? 0
  let saidNotReady = false
  let wasOpenTooSoon = false
  try {
    for (;;) {
      // In this order: what is open before the question is open before the answer.
      const isOpen = await answers(mqtt)
      const status = await readiness(http)
      if (status === 200) break
      if (status === 503) saidNotReady = true
      if (status === 503 && isOpen) wasOpenTooSoon = true
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
      if (performance.now() - startMs > OPEN_MS_MAX) throw new Error('the server is never ready')
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    const seconds = (performance.now() - startMs) / 1000
    const cpuSeconds = cpuMsOf(pid) / 1000
    const [rssBytes, peakBytes] = [rssBytesOf(pid), peakBytesOf(pid)]
    await check(mqtt, size)
    return { seconds, cpuSeconds, rssBytes, peakBytes, saidNotReady, wasOpenTooSoon }
  } finally {
    child.kill(signal)
    await ended
  }
}

/** The status of /readyz; undefined where nobody listens. */
async function readiness(port: number): Promise<number | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`)
    await response.body?.cancel()
    return response.status
  } catch {
    return undefined
  }
}

/** Whether it is back: a session, and what is retained for one of the sites. */
async function check(port: number, { retained, sessions }: Size): Promise<void> {
  const clientId = `client-${Math.max(0, sessions - 1)}`
  const client = await connectClient({ port, clientId, version: 4, cleanStart: sessions === 0 })
  if (sessions > 0 && client.connack?.sessionPresent !== true) {
    throw new Error('a session was forgotten')
  }
  await client.subscribe('site/0/sensor/+')
  const expected = Math.ceil(retained / SITES)
  await client.until('all that is retained', () => client.messages.length >= expected)
  await client.disconnect()
}

function peakBytesOf(pid: number): number {
  const kibibytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kibibytes) * 1024
}
