// The port of whatever keeps the server's state across its own end: what is written, when that is
// durable, how it is read back. The memory store keeps nothing, the durable one a journal and a
// table. Each implementation runs the suite in test/contract/store.ts.

import type { Reason } from '../base/reason.ts'
import type { Message, MessageProperties, Qos } from './message.ts'
import type { Principal } from './ports.ts'
import type { SubscriptionOptions } from './subscription.ts'
import type { Topic, TopicFilter } from './topic.ts'

/**
 * A queue of one session or one shared group. Made by {@link sessionQueue} and {@link groupQueue}
 * alone, since a client id may look like the name of a group.
 */
export type QueueName = string & { readonly brand: 'QueueName' }

/** The queue of a client's session. */
export function sessionQueue(clientId: string): QueueName {
  return `c/${clientId}` as QueueName
}

/** The queue of a shared group, by its whole name `$share/{ShareName}/{filter}`. */
export function groupQueue(name: string): QueueName {
  return `g/${name}` as QueueName
}

/**
 * One durable change. A turn's records are committed together and in order.
 *
 * Those that bring a message carry it whole; the store writes a message that several records of a
 * turn bring once. A record that says `isOwn` has a copy of its own: it is of a message that may
 * have been stored before, in another turn. Within one turn all records of a message that are not
 * `isOwn` share what is stored.
 */
export type StoreRecord =
  /** Offsets below `bound` may be given out; a restart begins at `bound`. */
  | { readonly kind: 'reserved'; readonly bound: number }
  /** The message is its topic's state from now on. */
  | { readonly kind: 'retained'; readonly message: Message }
  /** The topic has no state any more. */
  | { readonly kind: 'cleared'; readonly topic: Topic }
  | {
      readonly kind: 'opened'
      readonly clientId: string
      /** Seconds the session outlives its connection; Infinity for never ending. */
      readonly expiryS: number
      readonly principal: Principal
    }
  /** The connection went at `atMs`; the session ends at `endsAtMs` (wall time, ms), or Infinity. */
  | {
      readonly kind: 'closed'
      readonly clientId: string
      readonly atMs: number
      readonly endsAtMs: number
    }
  /** The session and all it holds is gone, its queue as well. */
  | { readonly kind: 'ended'; readonly clientId: string }
  | {
      readonly kind: 'subscribed'
      readonly clientId: string
      readonly filter: TopicFilter
      readonly share: string | undefined
      readonly options: SubscriptionOptions
    }
  | {
      readonly kind: 'unsubscribed'
      readonly clientId: string
      readonly filter: TopicFilter
      readonly share: string | undefined
    }
  /** The message stands in the queue from now on, in its place by offset. */
  | {
      readonly kind: 'queued'
      readonly queue: QueueName
      readonly message: Message
      readonly qos: 1 | 2
      readonly retain: boolean
      readonly ids: readonly number[]
      readonly isOwn: boolean
    }
  /** The message left the queue for good: expired, unreadable, too large, settled by a member. */
  | {
      readonly kind: 'unqueued'
      readonly queue: QueueName
      readonly offset: number
      readonly isOwn: boolean
    }
  /** The queue and all that stands in it is gone. */
  | { readonly kind: 'emptied'; readonly queue: QueueName }
  /**
   * The message is in flight to the client under this packet id. Where it was queued it goes on
   * standing in that `queue` until it is settled; else the flight has a copy of its own. Said again
   * of the same delivery, it keeps its place among the flights and from now on stands as is said
   * now: what stood in the queue of a group that ends has a copy of its own then.
   */
  | {
      readonly kind: 'sent'
      readonly clientId: string
      readonly packetId: number
      readonly message: Message
      readonly qos: 1 | 2
      readonly retain: boolean
      readonly ids: readonly number[]
      /** Where it stands, or undefined where it was never queued. */
      readonly queue: QueueName | undefined
      /** Whether what stands there has a copy of its own; true where it was never queued. */
      readonly isOwn: boolean
      /** The shared group, by its whole name, that it was assigned from. */
      readonly group: string | undefined
    }
  /** PUBREC came: only PUBREL and PUBCOMP remain. */
  | { readonly kind: 'released'; readonly clientId: string; readonly packetId: number }
  /** The delivery is over; what it says must be what was said when it was `sent`. */
  | {
      readonly kind: 'settled'
      readonly clientId: string
      readonly packetId: number
      readonly offset: number
      readonly queue: QueueName | undefined
      readonly isOwn: boolean
    }
  /** It is in flight no more, and waits in its queue again. */
  | { readonly kind: 'returned'; readonly clientId: string; readonly packetId: number }
  /** A QoS 2 message came under this id and is owned; PUBREL is awaited. */
  | { readonly kind: 'received'; readonly clientId: string; readonly packetId: number }
  /** PUBREL came: the id is free again. */
  | { readonly kind: 'forgotten'; readonly clientId: string; readonly packetId: number }
  | { readonly kind: 'will'; readonly clientId: string; readonly will: StoredWill | undefined }

export interface StoredWill {
  readonly topic: Topic
  readonly payload: Uint8Array
  readonly qos: Qos
  readonly retain: boolean
  readonly properties: MessageProperties
  /** Seconds. */
  readonly delayS: number
  /** Seconds, or Infinity. */
  readonly expiryS: number
  readonly principal: Principal
}

/** What stands in a queue. */
export interface StoredDelivery {
  readonly message: Message
  readonly qos: 1 | 2
  readonly retain: boolean
  readonly ids: readonly number[]
  readonly isOwn: boolean
}

/** What is in flight, as its `sent` record said. */
export interface StoredFlight extends StoredDelivery {
  readonly packetId: number
  readonly queue: QueueName | undefined
  readonly group: string | undefined
  readonly isReleased: boolean
}

/** How much stands in a queue, what is in flight from it included. */
export interface StoredQueue {
  readonly count: number
  /** As `bytesOf` counts them. */
  readonly bytes: number
  /** The earliest `expiresAtMs` of them. */
  readonly expiresAtMs: number
}

export interface StoredSession {
  readonly clientId: string
  readonly principal: Principal
  readonly expiryS: number
  /** Wall time, ms; undefined where it was connected until the very end. */
  readonly closedAtMs: number | undefined
  /** Wall time, ms, or Infinity; undefined as `closedAtMs`. */
  readonly endsAtMs: number | undefined
  readonly will: StoredWill | undefined
  readonly subscriptions: readonly {
    readonly filter: TopicFilter
    readonly share: string | undefined
    readonly options: SubscriptionOptions
  }[]
  /** In the order of first sending. */
  readonly flights: readonly StoredFlight[]
  /** Packet ids of QoS 2 messages that were received and not released. */
  readonly received: readonly number[]
  readonly queue: StoredQueue
}

/** Takes what a store brings back, in this order. */
export interface Recovery {
  /**
   * `firstOffset` is above every offset ever given out. `wallMs` is the present time, or that of
   * the last commit where the clock has been set back since.
   */
  begin(firstOffset: number, wallMs: number): void
  retained(message: Message): void
  session(session: StoredSession): void
  /** A queue of a shared group; after all sessions. */
  group(name: string, queue: StoredQueue): void
}

/** What a store on a disk has done since it was opened, for the operator. */
export interface StoreFigures {
  readonly commits: number
  readonly commitsFailed: number
  /** Bytes that it wrote to its journal. */
  readonly journalBytes: number
}

export interface Store {
  /**
   * Whether queues can be read back. Where not, what waits is kept by who waits for it, wholly in
   * memory.
   */
  readonly holdsQueues: boolean
  /**
   * Brings back what an earlier run left, a little in each turn, then calls `done`, perhaps before
   * it returns; with an error where the state cannot be read. Called once, before all else.
   */
  recover(into: Recovery, done: (error: Error | undefined) => void): void
  /** Adds to the batch of this turn. Never fails: whether there is room was asked by `refusal`. */
  append(record: StoreRecord): void
  /**
   * Makes all that was appended so far durable, then calls `done`, perhaps before it returns. One
   * commit at a time. With an error nothing is forgotten: the next commit tries all of it again.
   */
  commit(done: (error: Error | undefined) => void): void
  /**
   * Reads what stands in a queue beyond the offset `after`, the oldest first: at most `countMax`
   * deliveries, and no more once they come to `bytesMax` (at least one). What is appended counts,
   * whether committed or not. Calls `done`, before it returns where all of it is in memory;
   * `isEnd` says that nothing stood beyond them at the moment of the call.
   */
  read(
    queue: QueueName,
    after: number,
    countMax: number,
    bytesMax: number,
    done: (error: Error | undefined, found: readonly StoredDelivery[], isEnd: boolean) => void,
  ): void
  /** Why no new durable work may be admitted at present (0x97 no room, 0x83 failing), if so. */
  refusal(): Reason | undefined
  /** True while so much waits for the disk that publishers should not be read from. */
  readonly isCongested: boolean
  /** Undefined where nothing is written to a disk. */
  readonly figures?: StoreFigures | undefined
  /** Ends it after what is appended was committed. */
  close(): Promise<void>
}
