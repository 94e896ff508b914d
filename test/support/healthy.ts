// A pair of clients that go on exchanging messages while something else happens to their server:
// the measure of whether others are disturbed.

import assert from 'node:assert/strict'
import { connectClient, type LiveClient } from './live-client.ts'

/** A pause between two messages, so that the pair is no load by itself. */
const PAUSE_MS = 5

export class Healthy {
  readonly #publisher: LiveClient
  readonly #subscriber: LiveClient
  readonly #running: Promise<void>
  #isStopping = false
  exchanged = 0
  /** The longest time from a publish to its arrival. */
  slowestMs = 0

  constructor(publisher: LiveClient, subscriber: LiveClient) {
    this.#publisher = publisher
    this.#subscriber = subscriber
    this.#running = this.#run()
    // Whoever stops it sees the failure; until then it is nobody's.
    this.#running.catch(() => undefined)
  }

  /** Ends the exchange; throws if a message was lost, came twice, or a connection was cut. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#running
    assert.equal(this.#subscriber.messages.length, this.exchanged)
    assert.ok(this.exchanged > 0, 'something was exchanged')
    await this.#publisher.disconnect()
    await this.#subscriber.disconnect()
  }

  async #run(): Promise<void> {
    const { messages } = this.#subscriber
    while (!this.#isStopping) {
      const startMs = performance.now()
      const text = `${this.exchanged}`
      const qos = (this.exchanged % 3) as 0 | 1 | 2
      await this.#publisher.publish('healthy/exchange', text, qos)
      await this.#subscriber.until(`message ${text}`, () => messages.length > this.exchanged)
      assert.equal(Buffer.from(messages.at(-1)?.payload ?? []).toString(), text)
      this.exchanged += 1
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

export async function startHealthy(port: number): Promise<Healthy> {
  const publisher = await connectClient({ port, clientId: 'healthy-publisher' })
  const subscriber = await connectClient({ port, clientId: 'healthy-subscriber', version: 4 })
  await subscriber.subscribe('healthy/exchange', 2)
  return new Healthy(publisher, subscriber)
}
