// The events of a stream as bytes (server-sent events), made once for all streams that send them.

import type { Message } from '../../core/message.ts'
import type { Topic } from '../../core/topic.ts'
import { toEventItem } from './items.ts'

export interface StreamEvent {
  readonly topic: Topic
  /** Whether it tells of the topic's state; else it is an event that changed none. */
  readonly isState: boolean
  readonly bytes: Uint8Array
  /** How many of them are the line of its id, at the beginning. */
  readonly idBytes: number
  readonly expiresAtMs: number
}

const encoder = new TextEncoder()

export class StreamEvents {
  /** A message goes to one stream after the other, so that remembering one is enough. */
  #last: { readonly message: Message; readonly event: StreamEvent } | undefined

  of(message: Message): StreamEvent {
    if (this.#last?.message === message) return this.#last.event
    const { topic, offset, retain, expiresAtMs } = message
    const id = `id: ${offset}\n`
    const isClear = retain && message.payload.length === 0
    const text = isClear
      ? write('clear', { topic, offset, reason: 'deleted' })
      : write('message', toEventItem(message))
    const bytes = encoder.encode(`${id}${text}`)
    const event = { topic, isState: retain, bytes, idBytes: id.length, expiresAtMs }
    this.#last = { message, event }
    return event
  }

  /** Forgets what it remembers, which would outlive its readers. */
  clear(): void {
    this.#last = undefined
  }
}

/** Its id would be one of long ago, from which nobody must resume: it has none. */
export function expiredEvent({ topic, offset }: Message): StreamEvent {
  const bytes = encoder.encode(write('clear', { topic, offset, reason: 'expired' }))
  return { topic, isState: true, bytes, idBytes: 0, expiresAtMs: Number.POSITIVE_INFINITY }
}

/** What was retained has been told, or what was missed: from here on it is live. */
export function syncBytes(head: number): Uint8Array {
  return encoder.encode(`id: ${head}\n${write('sync', { offset: head })}`)
}

/** What came after `after`, where that is known, and up to `until`, is missing. */
export function gapBytes(after: number | undefined, until: number): Uint8Array {
  return encoder.encode(write('gap', { after: after ?? null, until }))
}

/** A comment, for proxies that close what is silent. */
export const HEARTBEAT: Uint8Array = encoder.encode(':\n\n')

/** JSON has no line ends of its own, so one line is enough. [H-51] */
function write(name: string, item: Readonly<Record<string, unknown>>): string {
  return `event: ${name}\ndata: ${JSON.stringify(item)}\n\n`
}
