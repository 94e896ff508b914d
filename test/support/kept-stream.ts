// A publisher that goes on whatever it is told, and remembers what it was told; and the durable
// session that has to get all that was acknowledged. For tests in which a store cannot write.

import assert from 'node:assert/strict'
import { FAILURE } from '../../src/base/reason.ts'
import { connectClient, type LiveClient } from './live-client.ts'

const WORKERS = 8
/** Whoever is refused does not ask again at once. */
const PAUSE_MS = 20
/** Whoever is not answered asks something new: an acknowledgement may be withheld for long. */
const PATIENCE_MS = 200
const ID_BYTES = 16

export class KeptStream {
  readonly acknowledged: string[] = []
  /** The reasons of what was refused, in the order of time. */
  readonly refusals: number[] = []
  readonly #client: LiveClient
  readonly #qos: 1 | 2
  readonly #topic: string
  readonly #payload: Uint8Array
  #workers: Promise<void>[] = []
  readonly #underWay = new Set<Promise<void>>()
  #count = 0
  #isStopped = false

  constructor(client: LiveClient, topic: string, qos: 1 | 2, payloadBytes: number) {
    this.#client = client
    this.#topic = topic
    this.#qos = qos
    this.#payload = new Uint8Array(payloadBytes)
  }

  start(): void {
    this.#isStopped = false
    this.#workers = Array.from({ length: WORKERS }, () => this.#work())
  }

  /** One message more, for whose acknowledgement nobody waits before the stream is stopped. */
  publishOne(): void {
    void this.#begin()
  }

  /** Resolves when the server is done with what is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#workers)
    await Promise.all(this.#underWay)
  }

  async #work(): Promise<void> {
    while (!this.#isStopped) {
      await Promise.race([this.#begin(), pause(PATIENCE_MS)])
    }
  }

  #begin(): Promise<void> {
    const answered = this.#publish()
    this.#underWay.add(answered)
    void answered.finally(() => this.#underWay.delete(answered))
    return answered
  }

  async #publish(): Promise<void> {
    const id = `q${this.#qos}-${this.#count++}`
    const payload = Uint8Array.from(this.#payload)
    payload.set(new TextEncoder().encode(id))
    const reason = await this.#client.publish(this.#topic, payload, this.#qos)
    if (reason < FAILURE) this.acknowledged.push(id)
    else {
      this.refusals.push(reason)
      await pause(PAUSE_MS)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** What a message of a stream says of itself. */
export function idOf(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload.subarray(0, ID_BYTES))
  return text.slice(0, text.indexOf('\0'))
}

/** Makes a durable session that gets everything of a topic, and leaves it. */
export async function leaveSession(port: number, clientId: string, topic: string): Promise<void> {
  const client = await connectClient({ port, clientId, version: 4, cleanStart: false })
  await client.subscribe(topic, 2)
  await client.disconnect()
}

/** Comes back to it and takes all: what was acknowledged must be there, that of QoS 2 once. */
export async function assertKept(
  port: number,
  clientId: string,
  streams: readonly KeptStream[],
): Promise<void> {
  const owed = new Set(streams.flatMap(({ acknowledged }) => acknowledged))
  const missing = new Set(owed)
  const counts = new Map<string, number>()
  const client = await connectClient({
    ...{ port, clientId, version: 4, cleanStart: false },
    onPublish: ({ payload }) => {
      const id = idOf(payload)
      missing.delete(id)
      counts.set(id, (counts.get(id) ?? 0) + 1)
    },
  })
  assert.equal(client.connack?.sessionPresent, true)
  await client
    .until('all that is owed', () => missing.size === 0)
    .catch((error: unknown) => {
      const some = [...missing].slice(0, 5).join(', ')
      throw new Error(`of ${owed.size} acknowledged ${missing.size} are lost: ${some}`, {
        cause: error,
      })
    })
  // What was under way may be there as well, but nothing of QoS 2 twice.
  const twice = [...counts].filter(([id, count]) => id.startsWith('q2') && count > 1)
  assert.deepEqual(twice, [])
  await client.disconnect()
}
