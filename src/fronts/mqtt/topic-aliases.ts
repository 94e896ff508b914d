// Topic aliases, section 3.3.2.3.4: two independent maps, one a direction, that end with their
// connection [MQTT-3.3.2-7].

import { Reason } from '../../base/reason.ts'
import { ProtocolError } from '../../codec/mqtt/protocol-error.ts'

/** The client's aliases, 1 to the maximum that CONNACK announced. */
export class IncomingAliases {
  readonly #max: number
  #topics: Map<number, string> | undefined

  constructor(max: number) {
    this.#max = max
  }

  /** The topic that a PUBLISH means; remembers it where the packet names both. */
  resolve(alias: number, topic: string): string {
    if (alias === 0 || alias > this.#max) {
      throw new ProtocolError('topic alias out of range', Reason.topicAliasInvalid, 'MQTT-3.3.2-9')
    }
    this.#topics ??= new Map()
    if (topic !== '') {
      this.#topics.set(alias, topic) // [MQTT-3.3.2-12]
      return topic
    }
    const known = this.#topics.get(alias)
    if (known === undefined) {
      throw new ProtocolError('topic alias unknown', Reason.protocolError, 'MQTT-3.3.2-7')
    }
    return known
  }
}

/** Our aliases towards a client: its first topics get one each, until its maximum is reached. */
export class OutgoingAliases {
  readonly #max: number
  readonly #aliases = new Map<string, number>()

  /** `max` is what CONNECT allows [MQTT-3.3.2-11]; 0 for none [MQTT-3.1.2-27]. */
  constructor(max: number) {
    this.#max = max
  }

  /** The topic's alias, or 0 where the client has not been told one. */
  find(topic: string): number {
    return this.#aliases.get(topic) ?? 0
  }

  /** The alias that the topic gets when it is sent next, or 0 where all are taken. */
  get free(): number {
    return this.#aliases.size < this.#max ? this.#aliases.size + 1 : 0
  }

  /** The client has been told. */
  add(topic: string, alias: number): void {
    this.#aliases.set(topic, alias)
  }
}
