// The receiving side of QoS 2, section 4.3.3: the packet ids of messages that are owned and whose
// PUBREL has not come. At most 65,535 by nature.

export class Receiver {
  readonly #packetIds = new Set<number>()

  get size(): number {
    return this.#packetIds.size
  }

  /** True: this id's message is owned already, a repeated PUBLISH is not new [MQTT-4.3.3-10]. */
  has(packetId: number): boolean {
    return this.#packetIds.has(packetId)
  }

  /** The message is owned [MQTT-4.3.3-8]. */
  add(packetId: number): void {
    this.#packetIds.add(packetId)
  }

  /** PUBREL came: the id is free again [MQTT-4.3.3-12]. False where it was not in use. */
  release(packetId: number): boolean {
    return this.#packetIds.delete(packetId)
  }
}
