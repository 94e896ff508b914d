// Reads the frames of an earlier run back, and makes of their records the overlay that they were
// when they were written.

import type { Topic } from '../core/topic.ts'
import { parseStoredTopic, peekOffset, readBody, readPrincipal, readWill } from './body-codec.ts'
import { GONE, QueueState, SessionState } from './changes.ts'
import { FieldReader } from './fields.ts'
import type { Overlay } from './overlay.ts'
import {
  EXPIRES,
  HAS_GROUP,
  HAS_IDS,
  HAS_WILL,
  IN_QUEUE,
  IS_ELSEWHERE,
  SETTLED_IN_QUEUE,
  SETTLED_OWN,
  Tag,
} from './record-codec.ts'
import type { Registry } from './registry.ts'
import { UnreadableError } from './storage-errors.ts'

/** The number of a frame's epoch, and the place of its first byte there. */
export function readFrameBegin(payload: Uint8Array): { epoch: number; start: number } {
  const reader = new FieldReader()
  reader.use(payload)
  return { epoch: reader.integer(), start: reader.integer() }
}

/** Replays frames into one overlay. */
export class RecordReplay {
  readonly #registry: Registry
  readonly #overlay: Overlay
  readonly #reader = new FieldReader()
  /** The place of the payload's first byte. */
  #start = 0
  /** Records that refer to what a damaged frame held, and are void. */
  lost = 0

  constructor(registry: Registry, overlay: Overlay) {
    this.#registry = registry
    this.#overlay = overlay
  }

  frame(payload: Uint8Array, start: number): void {
    this.#overlay.bytes.adopt(payload, start)
    this.#start = start
    const reader = this.#reader
    reader.use(payload)
    reader.integer()
    reader.integer()
    while (reader.at < reader.end) this.#record()
  }

  #record(): void {
    const reader = this.#reader
    const tag = reader.u8()
    switch (tag) {
      case Tag.sent:
        return this.#sent()
      case Tag.settled:
        return this.#settled()
      case Tag.queued:
        return this.#queued()
      case Tag.unqueued:
        return this.#unqueued()
      case Tag.received:
        return this.#changes().receive(reader.u16())
      case Tag.forgotten:
        return this.#changes().forget(reader.u16())
      case Tag.released:
        return this.#changes().released(reader.u16())
      case Tag.returned:
        return this.#changes().landed(reader.u16())
      case Tag.retained:
        return this.#retained()
      case Tag.cleared:
        this.#overlay.retained.set(parseStoredTopic(reader.text()), GONE)
        return
      default:
        return this.#rareRecord(tag)
    }
  }

  #rareRecord(tag: number): void {
    const reader = this.#reader
    const { number } = this.#overlay
    switch (tag) {
      case Tag.nameSession:
        this.#registry.addSession(reader.integer(), reader.text(), number)
        return
      case Tag.nameQueue:
        this.#registry.addQueue(reader.integer(), reader.text(), number)
        return
      case Tag.reserved:
        this.#overlay.reservedBound = reader.integer()
        return
      case Tag.opened: {
        const session = this.#session()
        const start = this.#place
        reader.f64()
        readPrincipal(reader)
        return this.#overlay.opened(session, start)
      }
      case Tag.closed:
        this.#changes().closed = this.#place
        return reader.skip(16)
      case Tag.ended:
        return this.#overlay.ended(this.#session())
      case Tag.emptied:
        return this.#overlay.emptied(this.#queue())
      case Tag.subscribed: {
        const session = this.#session()
        this.#overlay.subscribed(session, reader.text(), this.#place)
        reader.u8()
        reader.integer()
        return
      }
      case Tag.unsubscribed:
        return this.#overlay.subscribed(this.#session(), reader.text(), GONE)
      case Tag.will:
        return this.#will()
      default:
        throw new UnreadableError(`a record has the unknown tag ${tag}`)
    }
  }

  #sent(): void {
    const reader = this.#reader
    const changes = this.#changes()
    const packetId = reader.u16()
    const start = this.#place
    const flags = this.#skipDelivery()
    if ((flags & HAS_GROUP) !== 0) reader.text()
    if ((flags & IN_QUEUE) !== 0) {
      reader.integer()
      reader.ordered()
    } else if (this.#body(flags) === undefined) {
      this.lost += 1
      return
    }
    changes.sent(packetId, start)
  }

  #settled(): void {
    const reader = this.#reader
    this.#changes().landed(reader.u16())
    const flags = reader.u8()
    if ((flags & SETTLED_IN_QUEUE) === 0) return
    const queue = this.#queue()
    this.#overlay.queue(queue).take(reader.ordered(), (flags & SETTLED_OWN) !== 0)
  }

  #queued(): void {
    const queue = this.#queue()
    const start = this.#place
    const offset = this.#body(this.#skipDelivery())
    if (offset === undefined) this.lost += 1
    else this.#overlay.queue(queue).put(offset, start)
  }

  #unqueued(): void {
    const queue = this.#queue()
    const isOwn = (this.#reader.u8() & SETTLED_OWN) !== 0
    this.#overlay.queue(queue).take(this.#reader.ordered(), isOwn)
  }

  #retained(): void {
    const reader = this.#reader
    const flags = reader.u8()
    const start = this.#place
    const place = (flags & IS_ELSEWHERE) === 0 ? start : reader.integer()
    if ((flags & IS_ELSEWHERE) === 0) reader.skip(reader.u32())
    try {
      this.#overlay.retained.set(storedTopicAt(this.#overlay, place), place)
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      this.lost += 1
    }
  }

  #will(): void {
    const changes = this.#changes()
    const hasWill = (this.#reader.u8() & HAS_WILL) !== 0
    changes.will = hasWill ? this.#place : GONE
    if (hasWill) readWill(this.#reader)
  }

  #skipDelivery(): number {
    const reader = this.#reader
    const flags = reader.u8()
    reader.integer()
    if ((flags & EXPIRES) !== 0) reader.f64()
    if ((flags & HAS_IDS) === 0) return flags
    for (let count = reader.integer(); count > 0; count--) reader.integer()
    return flags
  }

  /** Passes over the body or its place. Returns its offset, or undefined where it is lost. */
  #body(flags: number): number | undefined {
    const reader = this.#reader
    if ((flags & IS_ELSEWHERE) === 0) {
      const offset = peekOffset(reader)
      reader.skip(reader.u32())
      return offset
    }
    try {
      return peekOffset(this.#overlay.bytes.at(reader.integer()))
    } catch (error) {
      if (error instanceof UnreadableError) return undefined
      throw error
    }
  }

  get #place(): number {
    return this.#start + this.#reader.at
  }

  #changes(): ReturnType<Overlay['session']> {
    return this.#overlay.session(this.#session())
  }

  #session(): SessionState {
    const id = this.#reader.integer()
    const known = this.#registry.sessionOf(id)
    if (known !== undefined) return known
    this.lost += 1
    const stray = new SessionState(id, '', this.#overlay.number)
    this.#overlay.session(stray).isDead = true
    return stray
  }

  #queue(): QueueState {
    const id = this.#reader.integer()
    const known = this.#registry.queueOf(id)
    if (known !== undefined) return known
    this.lost += 1
    const stray = new QueueState(id, '', this.#overlay.number)
    this.#overlay.queue(stray).isDead = true
    return stray
  }
}

function storedTopicAt(overlay: Overlay, place: number): Topic {
  return readBody(overlay.bytes.at(place)).topic
}
