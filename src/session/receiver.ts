// The receiving side of QoS 2, section 4.3.3: the packet ids of messages that are owned and whose
// PUBREL has not come. At most 65,535 by nature.

export class Receiver {
  /** Each id with the connection on which its PUBLISH came last. Made for the first one. */
  #connections: Map<number, number> | undefined
  #connection = 0
  #unreleased = 0

  get size(): number {
    return this.#connections?.size ?? 0
  }

  /** How many of the ids take a part of the present connection's Receive Maximum. */
  get unreleased(): number {
    return this.#unreleased
  }

  /** A new connection: the client's send quota is whole again [MQTT-4.9.0-1]. */
  attach(): void {
    this.#connection += 1
    this.#unreleased = 0
  }

  /** True: this id's message is owned already, a repeated PUBLISH is not new [MQTT-4.3.3-10]. */
  has(packetId: number): boolean {
    return this.#connections?.has(packetId) === true
  }

  /** True: its PUBLISH came on this connection and is counted. */
  isCounted(packetId: number): boolean {
    return this.#connections?.get(packetId) === this.#connection
  }

  /** The message is owned [MQTT-4.3.3-8], or came again. */
  add(packetId: number): void {
    if (!this.isCounted(packetId)) this.#unreleased += 1
    this.#connections ??= new Map()
    this.#connections.set(packetId, this.#connection)
  }

  /** PUBREL came: the id is free again [MQTT-4.3.3-12]. False where it was not in use. */
  release(packetId: number): boolean {
    if (this.isCounted(packetId)) this.#unreleased -= 1
    return this.#connections?.delete(packetId) === true
  }
}
