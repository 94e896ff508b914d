// A session as the standard tells it, in as few lines as that takes: the reference for the model
// test. It says what the client must see next; it knows no packet ids but those that were seen.

export interface Expected {
  readonly kind: 'publish' | 'pubrel'
  readonly entry: Entry
  readonly dup: boolean
}

export interface Entry {
  readonly text: string
  readonly qos: 0 | 1 | 2
  readonly expiresAtMs: number
  /** What was seen when it was sent first; 0 before. */
  packetId: number
  isReleased: boolean
  /** It takes one of the present connection's quota. */
  isCounted: boolean
}

export interface Bounds {
  readonly queueMax: number
  readonly inflightMax: number
}

export class SessionModel {
  readonly #bounds: Bounds
  /** Filters without wildcards, and the QoS that was granted. */
  readonly subscriptions: Map<string, 0 | 1 | 2> = new Map()
  readonly received: Set<number> = new Set()
  inflight: Entry[] = []
  queue: Entry[] = []
  isConnected = false
  /** The socket takes more. */
  isWritable = true
  /** False before the first connection, and again when it ended. */
  isPresent = false
  dropped = 0
  #unsent: Entry[] = []
  #quota = 0
  #expected: Expected[] = []

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** What the client must have seen since the last call, in this order. */
  takeExpected(): Expected[] {
    return this.#expected.splice(0)
  }

  connect(receiveMax: number, nowMs: number): void {
    this.isConnected = true
    this.isWritable = true
    this.isPresent = true
    this.#quota = Math.min(receiveMax, this.#bounds.inflightMax)
    this.#unsent = [...this.inflight]
    for (const entry of this.inflight) entry.isCounted = false
    this.pump(nowMs)
  }

  disconnect(): void {
    this.isConnected = false
    this.#unsent = []
  }

  /** All is forgotten: the session ended. */
  end(): void {
    this.disconnect()
    this.isPresent = false
    this.inflight = []
    this.queue = []
    this.subscriptions.clear()
    this.received.clear()
  }

  publish(topic: string, text: string, qos: 0 | 1 | 2, expiresAtMs: number, nowMs: number): void {
    const granted = this.subscriptions.get(topic)
    if (granted === undefined) return
    const lower = qos < granted ? qos : granted
    const entry: Entry = {
      text,
      qos: lower,
      expiresAtMs,
      packetId: 0,
      isReleased: false,
      isCounted: false,
    }
    if (lower === 0) {
      if (this.isConnected && this.isWritable)
        this.#expected.push({ kind: 'publish', entry, dup: false })
      return
    }
    if (this.#canBegin() && this.queue.length === 0) return this.#begin(entry)
    this.#expire(nowMs)
    if (this.queue.length >= this.#bounds.queueMax) this.dropped += 1
    else this.queue.push(entry)
  }

  /** PUBACK, PUBCOMP, or a PUBREC that refuses: the delivery is over. */
  settle(entry: Entry, nowMs: number): void {
    this.inflight = this.inflight.filter((other) => other !== entry)
    this.#unsent = this.#unsent.filter((other) => other !== entry)
    if (entry.isCounted) this.#quota += 1
    this.pump(nowMs)
  }

  /** PUBREC. */
  release(entry: Entry): void {
    entry.isReleased = true
    this.#expected.push({ kind: 'pubrel', entry, dup: false })
  }

  /** There is room, or was told that there is. */
  pump(nowMs: number): void {
    if (!this.isConnected || !this.isWritable) return
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      if (!next.isReleased && this.#quota === 0) return
      this.#unsent.shift()
      if (next.isReleased) this.#expected.push({ kind: 'pubrel', entry: next, dup: false })
      else this.#send(next, true)
    }
    this.#expire(nowMs)
    while (this.#canBegin()) {
      const entry = this.queue.shift()
      if (entry === undefined) return
      this.#begin(entry)
    }
  }

  #canBegin(): boolean {
    const { inflightMax } = this.#bounds
    const hasRoom = this.#quota > 0 && this.inflight.length < inflightMax
    return this.isConnected && this.isWritable && this.#unsent.length === 0 && hasRoom
  }

  #begin(entry: Entry): void {
    this.inflight.push(entry)
    this.#send(entry, false)
  }

  #send(entry: Entry, dup: boolean): void {
    entry.isCounted = true
    this.#quota -= 1
    this.#expected.push({ kind: 'publish', entry, dup })
  }

  #expire(nowMs: number): void {
    this.queue = this.queue.filter(({ expiresAtMs }) => expiresAtMs >= nowMs)
  }
}
