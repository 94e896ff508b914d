// The load, in a process of its own so that it does not share a core's time with what it measures:
// plays one scenario against a port and prints one line of JSON. What is measured is the server's.

import { readFileSync } from 'node:fs'
import { cpuMsOf } from '../test/support/live-server.ts'
import { openPeer, type Peer, type Qos } from './peer.ts'

export interface Scenario {
  readonly name: string
  readonly publishers: number
  readonly subscribers: number
  /** all: every subscriber gets everything; own: publisher and subscriber in pairs. */
  readonly reach: 'all' | 'own'
  readonly qos: Qos
}

export interface Order {
  readonly scenario: Scenario
  readonly port: number
  /** The server's process. */
  readonly pid: number
  readonly seconds: number
  readonly payloadBytes: number
}

export interface Measured {
  readonly deliveries: number
  readonly seconds: number
  readonly serverCpuMs: number
  /** Write system calls of the server; undefined where the system does not tell. */
  readonly writes: number | undefined
  /** The load generator's own CPU time; near `seconds` means that it was the limit. */
  readonly loadCpuMs: number
}

/** Messages of one publisher on their way; the next batch goes when half of them have arrived. */
export const WINDOW = 200
export const BATCH: number = WINDOW / 2
const WARM_UP_MS = 1000

export async function play(order: Order): Promise<Measured> {
  const { scenario, port, seconds } = order
  const payload = Buffer.alloc(order.payloadBytes, 'x')
  let isOver = false
  const publishers: Peer[] = []
  const subscribers: Peer[] = []
  const advance = () => {
    if (isOver || publishers.length < scenario.publishers) return
    publishers.forEach((publisher, index) => {
      const topic = `bench/${index}`
      if (mayPublish(scenario, publishers, subscribers, index)) {
        publisher.publish(topic, payload, scenario.qos, BATCH)
      }
    })
  }
  for (let index = 0; index < scenario.subscribers; index++) {
    const subscriber = await openPeer(port, `subscriber-${index}`, advance)
    await subscriber.subscribe(
      scenario.reach === 'all' ? 'bench/+' : `bench/${index}`,
      scenario.qos,
    )
    subscribers.push(subscriber)
  }
  for (let index = 0; index < scenario.publishers; index++) {
    publishers.push(await openPeer(port, `publisher-${index}`, advance))
  }

  advance()
  await sleep(WARM_UP_MS)
  const before = look(order.pid, subscribers)
  await sleep(seconds * 1000)
  const after = look(order.pid, subscribers)
  isOver = true
  for (const peer of [...publishers, ...subscribers]) peer.close()
  return {
    deliveries: after.deliveries - before.deliveries,
    seconds: (after.ms - before.ms) / 1000,
    serverCpuMs: after.serverCpuMs - before.serverCpuMs,
    writes: before.writes === undefined ? undefined : (after.writes ?? 0) - before.writes,
    loadCpuMs: after.loadCpuMs - before.loadCpuMs,
  }
}

/** Whether half of the window is free again, at the receivers and in acknowledgements. */
function mayPublish(
  scenario: Scenario,
  publishers: readonly Peer[],
  subscribers: readonly Peer[],
  index: number,
): boolean {
  const publisher = publishers[index]
  if (publisher === undefined) return false
  if (scenario.qos > 0 && publisher.sent - publisher.acknowledged > WINDOW - BATCH) return false
  if (scenario.reach === 'own') {
    return publisher.sent - (subscribers[index]?.received ?? 0) <= WINDOW - BATCH
  }
  // Who is served last counts; of many publishers each has its part of what is on the way.
  const sent = publishers.reduce((sum, one) => sum + one.sent, 0)
  const arrived = Math.min(...subscribers.map(({ received }) => received))
  return sent - arrived <= (WINDOW - BATCH) * publishers.length
}

interface Look {
  readonly ms: number
  readonly deliveries: number
  readonly serverCpuMs: number
  readonly writes: number | undefined
  readonly loadCpuMs: number
}

function look(pid: number, subscribers: readonly Peer[]): Look {
  const own = process.cpuUsage()
  return {
    ms: performance.now(),
    deliveries: subscribers.reduce((sum, { received }) => sum + received, 0),
    serverCpuMs: cpuMsOf(pid),
    writes: writesOf(pid),
    loadCpuMs: (own.user + own.system) / 1000,
  }
}

function writesOf(pid: number): number | undefined {
  try {
    return Number(/syscw: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function parseOrder(text: string): Order {
  return JSON.parse(text) as Order
}

if (import.meta.main) {
  console.log(JSON.stringify(await play(parseOrder(process.argv[2] ?? ''))))
  process.exit(0)
}
