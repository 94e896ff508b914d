// A front for tests of transports: records what a wire tells it, and lets a test wait for it.

import type { Wire, WireEnd } from '../../src/base/wire.ts'

export class RecordingFront implements WireEnd {
  readonly wire: Wire
  readonly events: string[] = []
  readonly chunks: Uint8Array[] = []
  bytes = 0
  error: Error | undefined
  onReceive: (chunk: Uint8Array) => void = () => undefined
  onWritten: () => void = () => undefined
  #changed: (() => void)[] = []

  constructor(wire: Wire) {
    this.wire = wire
  }

  receive(chunk: Uint8Array): void {
    this.bytes += chunk.length
    this.chunks.push(chunk)
    this.events.push('receive')
    this.onReceive(chunk)
    this.#notify()
  }

  written(): void {
    this.events.push('written')
    this.onWritten()
    this.#notify()
  }

  closed(error: Error | undefined): void {
    this.error = error
    this.events.push('closed')
    this.#notify()
  }

  /** How often that was told. */
  count(event: string): number {
    return this.events.filter((one) => one === event).length
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed.push(resolve))
  }

  untilEvent(event: string): Promise<void> {
    return this.until(() => this.events.includes(event))
  }

  /** Sends back all that comes, one write at a time. */
  echo(): void {
    let waiting: Uint8Array[] = []
    let isWriting = false
    const flush = (): void => {
      if (isWriting || waiting.length === 0) return
      isWriting = true
      this.wire.write(waiting)
      waiting = []
    }
    this.onReceive = (chunk) => {
      waiting.push(chunk.slice())
      flush()
    }
    this.onWritten = () => {
      isWriting = false
      flush()
    }
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = []
    for (const tell of changed) tell()
  }
}

/** Bytes of which no two neighbourhoods are alike for long. */
export function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let index = 0; index < size; index++) bytes[index] = (index * 31 + (index >> 8)) & 0xff
  return bytes
}
