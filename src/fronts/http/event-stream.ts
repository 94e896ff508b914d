// One open stream of events: a subscriber that writes first what was there before, then what comes,
// once per turn and never more than the socket takes.

import type { Deadlines } from '../../base/deadlines.ts'
import type { Timer } from '../../base/clock.ts'
import type { Sink, Source } from '../../base/sink.ts'
import type { Flushable, Turn } from '../../base/turn.ts'
import type { Counters } from '../../core/counters.ts'
import type { Message } from '../../core/message.ts'
import type { Retained } from '../../core/retained.ts'
import type { StoreRecord } from '../../core/store.ts'
import type { Subscriber } from '../../core/subscription.ts'
import type { Topic } from '../../core/topic.ts'
import type { Replayed } from './replay-ring.ts'
import { type SearchLine, States } from './states.ts'
import { HEARTBEAT, type StreamEvent, type StreamEvents, syncBytes } from './stream-events.ts'

/**
 * Events that wait for one stream, and their bytes. Above: only the newest state and the newest
 * event of each topic stay; where even those are more than half of it, the stream is cut, and its
 * client comes back for what it missed.
 */
export const STREAM_EVENTS_MAX = 4000
const STREAM_BYTES_MAX = 1024 * 1024
/** One write. Above: the next turn goes on. */
const WRITE_BYTES_MAX = 256 * 1024
/** */
export const HEARTBEAT_MS = 15_000

export interface EventStreamParts {
  readonly turn: Turn<StoreRecord>
  readonly deadlines: Deadlines
  readonly retained: Retained
  readonly counters: Counters
  readonly line: SearchLine
  readonly events: StreamEvents
  readonly sink: Sink
  readonly mayRead: (topic: Topic) => boolean
  /** Asked at each heartbeat. */
  readonly mayStay: () => boolean
  /** Takes the stream out of the tree. Once. */
  readonly leave: (stream: EventStream) => void
}

/** What a stream begins with. */
export interface Beginning {
  /** Told before all else. */
  readonly gap: Uint8Array | undefined
  readonly past: States | Replayed
  /** The newest offset when the stream came into the tree. */
  readonly head: number
}

export class EventStream implements Subscriber, Flushable, Source {
  // No client id of MQTT is like this: No Local is not for streams.
  readonly clientId: string = ''
  readonly #parts: EventStreamParts
  readonly #head: number
  #gap: Uint8Array | undefined
  #past: States | Replayed | undefined
  #waiting: StreamEvent[] = []
  /** How many of those that wait are written already. */
  #at = 0
  #waitingBytes = 0
  #isFull = false
  #isDirty = false
  #isOpen = true
  #heartbeat: Timer

  constructor(parts: EventStreamParts, { gap, past, head }: Beginning) {
    this.#parts = parts
    this.#gap = gap
    this.#past = past
    this.#head = head
    this.#heartbeat = this.#beatLater()
    if (past instanceof States) this.#search(past)
    else this.#wrote()
  }

  deliver(message: Message): void {
    if (this.#parts.mayRead(message.topic)) this.#push(this.#parts.events.of(message))
  }

  /** A state's time was over. */
  expired(event: StreamEvent): void {
    if (this.#parts.mayRead(event.topic)) this.#push(event)
  }

  #push(event: StreamEvent): void {
    if (!this.#isOpen) return
    this.#waiting.push(event)
    this.#waitingBytes += event.bytes.length
    // A burst within one turn makes nobody slow.
    if (this.#isOver(1) && !this.#isFull) this.flush()
    if (this.#isOver(1)) this.#conflate()
    this.#wrote()
  }

  flush(): void {
    this.#isDirty = false
    if (!this.#isOpen || this.#isFull) return
    const chunks: Uint8Array[] = []
    let bytes = 0
    while (bytes < WRITE_BYTES_MAX) {
      const next = this.#next()
      if (next === undefined) break
      chunks.push(next)
      bytes += next.length
    }
    if (bytes === 0) return
    const [first] = chunks
    const whole = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
    this.#isFull = !this.#parts.sink.write(whole)
    if (bytes >= WRITE_BYTES_MAX) this.#wrote()
  }

  drained(): void {
    this.#isFull = false
    this.#wrote()
  }

  gone(): void {
    this.#close()
  }

  /** What waits is not told any more: the client comes back for it. */
  end(): void {
    if (!this.#isOpen) return
    this.#close()
    this.#parts.sink.end()
  }

  /** Ends it where its client may be here no longer. */
  check(): void {
    if (!this.#parts.mayStay()) this.end()
  }

  #next(): Uint8Array | undefined {
    const { events } = this.#parts
    if (this.#gap !== undefined) {
      const gap = this.#gap
      this.#gap = undefined
      return gap
    }
    const past = this.#past
    if (past instanceof States) {
      const event = past.next(events, this.#isState)
      if (event !== undefined) {
        return past.isOrdered ? event.bytes : event.bytes.subarray(event.idBytes)
      }
      if (!past.isOver) {
        this.#search(past)
        return undefined
      }
    } else if (past !== undefined) {
      const event = past.next(events, this.#isTold)
      if (event !== undefined) return event.bytes
    }
    if (past !== undefined) {
      this.#past = undefined
      return syncBytes(this.#head)
    }
    return this.#nextLive()
  }

  #nextLive(): Uint8Array | undefined {
    const { turn, counters } = this.#parts
    turn.open()
    for (let event = this.#waiting[this.#at]; event; event = this.#waiting[this.#at]) {
      this.#at += 1
      this.#waitingBytes -= event.bytes.length
      if (event.expiresAtMs > turn.wallMs) return event.bytes
      counters.droppedExpired += 1
    }
    this.#waiting = []
    this.#at = 0
    return undefined
  }

  readonly #isTold = ({ topic, expiresAtMs }: Message): boolean => {
    const { turn, mayRead } = this.#parts
    turn.open()
    return expiresAtMs > turn.wallMs && mayRead(topic)
  }

  /** What was replaced since it was found comes as what it is now. */
  readonly #isState = (message: Message): boolean => {
    const { turn, retained, mayRead } = this.#parts
    turn.open()
    const { topic } = message
    return retained.get(topic, turn.wallMs) === message && mayRead(topic)
  }

  #search(states: States): void {
    // While it looks, what comes live waits behind it.
    this.#parts.line.add(states, () => this.#wrote())
  }

  /** Whether more waits than this part of the bounds. One event always may. */
  #isOver(part: number): boolean {
    const count = this.#waiting.length - this.#at
    if (count <= 1) return false
    return count > STREAM_EVENTS_MAX * part || this.#waitingBytes > STREAM_BYTES_MAX * part
  }

  #conflate(): void {
    const former = this.#waiting.length - this.#at
    const newest = new Map<string, StreamEvent>()
    for (const event of this.#waiting.slice(this.#at)) {
      const key = `${event.isState ? '=' : '!'}${event.topic}`
      // Anew, so that they stay in the order of the newest.
      newest.delete(key)
      newest.set(key, event)
    }
    this.#waiting = [...newest.values()]
    this.#at = 0
    this.#waitingBytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)
    this.#parts.counters.droppedSlow += former - this.#waiting.length
    if (!this.#isOver(0.5)) return
    this.#parts.counters.droppedSlow += this.#waiting.length
    this.#close()
    this.#parts.sink.cut()
  }

  #wrote(): void {
    if (this.#isDirty || this.#isFull || !this.#isOpen) return
    this.#isDirty = true
    this.#parts.turn.wrote(this)
  }

  #beatLater(): Timer {
    return this.#parts.deadlines.after(HEARTBEAT_MS, () => {
      this.#heartbeat = this.#beatLater()
      this.check()
      if (this.#isOpen && !this.#isFull) this.#isFull = !this.#parts.sink.write(HEARTBEAT)
    })
  }

  #close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#heartbeat.cancel()
    if (this.#past instanceof States) this.#parts.line.leave(this.#past)
    this.#past = undefined
    this.#waiting = []
    this.#at = 0
    this.#waitingBytes = 0
    this.#parts.leave(this)
  }
}
