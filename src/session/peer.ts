// The connection of a session, as the session sees it: it speaks of publishing and releasing, never
// of bytes or versions.

import type { Reason } from '../base/reason.ts'
import type { Message, Qos } from '../core/message.ts'

export interface Peer {
  /** The most QoS 1 and 2 messages that it wants in flight (1 to 65,535) [MQTT-3.3.4-9]. */
  readonly receiveMax: number
  /** False while too much waits for its socket; `Session.pump` is called when that is over. */
  readonly isWritable: boolean
  /**
   * Sends a PUBLISH. False where the packet is larger than the client takes: it was not sent, and
   * counts as delivered [MQTT-3.1.2-25].
   */
  publish(
    message: Message,
    qos: Qos,
    retain: boolean,
    ids: readonly number[],
    packetId: number,
    dup: boolean,
  ): boolean
  /** Sends a PUBREL. */
  pubrel(packetId: number): void
  /** Ends the connection, saying why where the client can be told. */
  close(reason: Reason): void
}
