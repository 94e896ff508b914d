// One message on its way to one client at QoS 1 or 2: first in a queue, then in flight.

import type { Message } from '../core/message.ts'

/** Where a delivery goes back to if its client cannot take it: a shared group. */
export interface Returns {
  readonly name: string
}

export interface Delivery {
  readonly message: Message
  readonly qos: 1 | 2
  readonly retain: boolean
  /** The Subscription Identifiers to send along. */
  readonly ids: readonly number[]
  /** The shared group that it was assigned from. */
  readonly group: Returns | undefined
  /** 0 until it is in flight. */
  packetId: number
  /** PUBREC came: only PUBREL and PUBCOMP remain, PUBLISH is never sent again [MQTT-4.3.3-6]. */
  isReleased: boolean
  /** It takes one of the present connection's send quota [MQTT-4.9.0-2]. */
  isCounted: boolean
}

export function createDelivery(
  message: Message,
  qos: 1 | 2,
  retain: boolean,
  ids: readonly number[],
  group: Returns | undefined,
): Delivery {
  return { message, qos, retain, ids, group, packetId: 0, isReleased: false, isCounted: false }
}
