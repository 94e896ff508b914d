// The load, in a process of its own: plays one scenario against a port and answers with what was
// measured, which is the server's.

import { dialPeer, type Peer, type Qos } from './peer.ts'
import { between, type Figures, figuresOf } from './process-figures.ts'
import { answer, begin, ordered } from './order.ts'

export interface Scenario {
  readonly name: string
  readonly publishers: number
  readonly subscribers: number
  /** all: every subscriber gets everything; own: publisher and subscriber in pairs. */
  readonly reach: 'all' | 'own'
  readonly qos: Qos
  /** Messages of one publisher on their way; the next half goes when half of them have arrived. */
  readonly window: number
  readonly payloadBytes: number
  /** Whether the subscribers' sessions outlive their connections. */
  readonly isDurable: boolean
}

export interface Order {
  readonly scenario: Scenario
  readonly port: number
  /** The server's process. */
  readonly pid: number
  readonly seconds: number
}

export interface Measured {
  readonly deliveries: number
  readonly seconds: number
  readonly serverCpuMs: number
  /** Write system calls of the server; undefined where the system does not tell. */
  readonly writes: number | undefined
  readonly diskBytes: number | undefined
  /** The load generator's own CPU time; near `seconds` means that it was the limit. */
  readonly loadCpuMs: number
  /** From the sending of a batch to its last acknowledgement: median and 99 of 100. */
  readonly ackMs: readonly [number, number]
}

const WARM_UP_MS = 1000

/** A batch on its way. */
interface Batch {
  readonly sentMs: number
  /** Acknowledged when the publisher has so many acknowledgements. */
  readonly upTo: number
}

class Load {
  readonly #scenario: Scenario
  readonly #batch: number
  readonly #payload: Buffer
  readonly #publishers: Peer[] = []
  readonly #subscribers: Peer[] = []
  readonly #underWay: Batch[][] = []
  #ackMs: number[] = []
  #isBegun = false

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#batch = Math.ceil(scenario.window / 2)
    this.#payload = Buffer.alloc(scenario.payloadBytes, 'x')
  }

  async open(port: number): Promise<void> {
    const { publishers, subscribers, reach, qos, isDurable } = this.#scenario
    for (let index = 0; index < subscribers; index++) {
      const subscriber = await dialPeer(port, () => this.#progressed(index))
      await subscriber.open(`subscriber-${index}`, !isDurable)
      await subscriber.subscribe(reach === 'all' ? 'bench/+' : `bench/${index}`, qos)
      this.#subscribers.push(subscriber)
    }
    for (let index = 0; index < publishers; index++) {
      const publisher = await dialPeer(port, () => this.#progressed(index))
      await publisher.open(`publisher-${index}`)
      this.#publishers.push(publisher)
      this.#underWay.push([])
    }
    this.#isBegun = true
    this.#publishers.forEach((_, index) => this.#publish(index))
  }

  get deliveries(): number {
    return this.#subscribers.reduce((sum, { received }) => sum + received, 0)
  }

  /** How long batches took since this was asked last, sorted. */
  takeAckMs(): readonly number[] {
    const taken = this.#ackMs
    this.#ackMs = []
    return taken.sort((one, other) => one - other)
  }

  #progressed(index: number): void {
    if (!this.#isBegun) return
    if (this.#scenario.reach === 'own') this.#publish(index)
    else this.#publishers.forEach((_, each) => this.#publish(each))
  }

  #publish(index: number): void {
    const publisher = this.#publishers[index]
    if (publisher === undefined) return
    if (this.#scenario.qos > 0) this.#noteAcks(index, publisher)
    if (!this.#hasRoom(index, publisher)) return
    publisher.publish(`bench/${index}`, this.#payload, this.#scenario.qos, this.#batch)
    if (this.#scenario.qos === 0) return
    this.#underWay[index]?.push({ sentMs: performance.now(), upTo: publisher.sent })
  }

  #noteAcks(index: number, publisher: Peer): void {
    const underWay = this.#underWay[index] ?? []
    while (underWay[0] !== undefined && underWay[0].upTo <= publisher.acknowledged) {
      this.#ackMs.push(performance.now() - underWay[0].sentMs)
      underWay.shift()
    }
  }

  /** Whether a batch may go, at the receivers and in acknowledgements. */
  #hasRoom(index: number, publisher: Peer): boolean {
    const { window, qos, reach } = this.#scenario
    const most = window - this.#batch
    if (qos > 0 && publisher.sent - publisher.acknowledged > most) return false
    if (reach === 'own') return publisher.sent - (this.#subscribers[index]?.received ?? 0) <= most
    // Who is served last counts; of many publishers each has its part of what is on the way.
    const sent = this.#publishers.reduce((sum, one) => sum + one.sent, 0)
    const arrived = Math.min(...this.#subscribers.map(({ received }) => received))
    return sent - arrived <= most * this.#publishers.length
  }
}

async function play({ scenario, port, pid, seconds }: Order): Promise<Measured> {
  const load = new Load(scenario)
  await load.open(port)
  await sleep(WARM_UP_MS)
  await begin()
  load.takeAckMs()
  const before = look(pid, load)
  await sleep(seconds * 1000)
  const after = look(pid, load)
  const { ms, cpuMs, writes, diskBytes } = between(before.figures, after.figures)
  const took = load.takeAckMs()
  return {
    deliveries: after.deliveries - before.deliveries,
    seconds: ms / 1000,
    serverCpuMs: cpuMs,
    writes,
    diskBytes,
    loadCpuMs: after.loadCpuMs - before.loadCpuMs,
    ackMs: [took[took.length >> 1] ?? 0, took[Math.floor(took.length * 0.99)] ?? 0],
  }
}

interface Look {
  readonly figures: Figures
  readonly deliveries: number
  readonly loadCpuMs: number
}

function look(pid: number, load: Load): Look {
  const own = process.cpuUsage()
  return {
    figures: figuresOf(pid),
    deliveries: load.deliveries,
    loadCpuMs: (own.user + own.system) / 1000,
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function parseOrder(order: unknown): Order {
  return order as Order
}

if (import.meta.main) answer(await play(ordered(parseOrder)))
