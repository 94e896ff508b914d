// A load in a process of its own: fills the queue of a client that is away, then, if it is asked
// to, lets the client come back and take everything. What is measured is the server's.

import { dialPeer, type Peer } from './peer.ts'
import { answer, begin, ordered } from './order.ts'
import { between, figuresOf, rssBytesOf } from './process-figures.ts'

export interface BacklogOrder {
  readonly port: number
  /** The server's process. */
  readonly pid: number
  readonly messages: number
  readonly publishers: number
  /** Messages of one publisher on their way; the next half goes when half are acknowledged. */
  readonly window: number
  readonly payloadBytes: number
  readonly isDrained: boolean
}

/** One half of it. */
export interface BacklogPhase {
  readonly seconds: number
  readonly serverCpuMs: number
  readonly diskBytes: number | undefined
  readonly loadCpuMs: number
}

export interface Drained extends BacklogPhase {
  /** Memory of the server meanwhile, in the order of time. */
  readonly rssBytes: readonly number[]
}

export interface BacklogMeasured {
  readonly filled: BacklogPhase
  readonly drained: Drained | undefined
}

const CLIENT = 'away'
const SAMPLE_MS = 100

async function play(order: BacklogOrder): Promise<BacklogMeasured> {
  const reader = await dialPeer(order.port, () => undefined)
  await reader.open(CLIENT, false)
  await reader.subscribe('backlog/+', 1)
  await reader.leave()
  await begin()
  const filled = await fill(order)
  return { filled, drained: order.isDrained ? await drain(order) : undefined }
}

async function fill(order: BacklogOrder): Promise<BacklogPhase> {
  const { port, publishers, window, messages, payloadBytes } = order
  const payload = Buffer.alloc(payloadBytes, 'x')
  const batch = Math.ceil(window / 2)
  const share = Math.ceil(messages / publishers)
  const each = async (index: number): Promise<() => Promise<void>> => {
    let progressed: () => void = () => undefined
    const peer = await dialPeer(port, () => progressed())
    await peer.open(`publisher-${index}`)
    return () =>
      new Promise((resolve) => {
        progressed = () => {
          publishMore(peer)
          if (peer.acknowledged >= share) resolve()
        }
        progressed()
      })
  }
  const publishMore = (peer: Peer) => {
    while (peer.sent < share && peer.sent - peer.acknowledged <= window - batch) {
      peer.publish('backlog/a', payload, 1, Math.min(batch, share - peer.sent))
    }
  }
  const starts = await Promise.all(Array.from({ length: publishers }, (_, index) => each(index)))
  return timed(order.pid, async () => {
    await Promise.all(starts.map((start) => start()))
  })
}

async function drain({ port, pid, messages, publishers }: BacklogOrder): Promise<Drained> {
  const rssBytes: number[] = []
  const all = Math.ceil(messages / publishers) * publishers
  const sampler = setInterval(() => rssBytes.push(rssBytesOf(pid)), SAMPLE_MS)
  const phase = await timed(pid, async () => {
    let progressed: () => void = () => undefined
    const reader = await dialPeer(port, () => progressed())
    const done = new Promise<void>((resolve) => {
      progressed = () => {
        if (reader.received >= all) resolve()
      }
    })
    await reader.open(CLIENT, false)
    await done
  })
  clearInterval(sampler)
  return { ...phase, rssBytes: [...rssBytes, rssBytesOf(pid)] }
}

async function timed(pid: number, act: () => Promise<void>): Promise<BacklogPhase> {
  const own = process.cpuUsage()
  const before = figuresOf(pid)
  await act()
  const { ms, cpuMs, diskBytes } = between(before, figuresOf(pid))
  const { user, system } = process.cpuUsage(own)
  return { seconds: ms / 1000, serverCpuMs: cpuMs, diskBytes, loadCpuMs: (user + system) / 1000 }
}

function parseOrder(order: unknown): BacklogOrder {
  return order as BacklogOrder
}

if (import.meta.main) answer(await play(ordered(parseOrder)))
