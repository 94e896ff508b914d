// What a store holds, in figures, counted while it is read once.

import { bytesOf } from '../core/message.ts'
import type { DiskUse, StoreReading } from './reading.ts'

const LARGEST = 10

export interface QueueFigures {
  /** The session's client id, or the group's whole name. */
  readonly session?: string
  readonly group?: string
  readonly messages: number
  readonly bytes: number
}

export interface StoreFigures {
  readonly sessions: number
  readonly subscriptions: number
  readonly retained: { readonly topics: number; readonly bytes: number }
  /** A message counts in each queue that it stands in. */
  readonly queued: { readonly messages: number; readonly bytes: number }
  readonly largestQueues: readonly QueueFigures[]
  readonly journal: {
    readonly segments: number
    /** Commits that the table does not have yet. */
    readonly commitsToReplay: number
  }
  readonly diskBytes: DiskUse
  /** Wall time, ms; undefined where nothing was ever committed. */
  readonly lastCommitAtMs: number | undefined
}

export async function figuresOf(reading: StoreReading): Promise<StoreFigures> {
  const retained = { topics: 0, bytes: 0 }
  for await (const message of reading.retained()) {
    retained.topics += 1
    retained.bytes += bytesOf(message)
  }
  let sessions = 0
  let subscriptions = 0
  for await (const session of reading.sessions()) {
    sessions += 1
    subscriptions += session.subscriptions.length
  }
  const queued = { messages: 0, bytes: 0 }
  let largestQueues: QueueFigures[] = []
  for (const [name, state] of reading.registry.queues) {
    const { count: messages, bytes } = reading.index.queue(state)
    if (messages === 0) continue
    queued.messages += messages
    queued.bytes += bytes
    const owner = name.startsWith('g/') ? { group: name.slice(2) } : { session: name.slice(2) }
    largestQueues.push({ ...owner, messages, bytes })
    if (largestQueues.length > 8 * LARGEST) largestQueues = largest(largestQueues)
  }
  const { segments, replayedFrames: commitsToReplay } = reading.journal
  const { batch, wallMs } = reading.meta
  return {
    ...{ sessions, subscriptions, retained, queued },
    largestQueues: largest(largestQueues),
    journal: { segments: segments.length, commitsToReplay },
    diskBytes: await reading.diskUse(),
    lastCommitAtMs: batch === 0 ? undefined : wallMs,
  }
}

function largest(queues: readonly QueueFigures[]): QueueFigures[] {
  const sorted = queues.toSorted(
    (one, other) => other.messages - one.messages || other.bytes - one.bytes,
  )
  return sorted.slice(0, LARGEST)
}
