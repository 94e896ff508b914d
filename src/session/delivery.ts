// One message on its way to one client at QoS 1 or 2: first in a queue, then in flight.

import type { Message } from '../core/message.ts'
import type { QueueName } from '../core/store.ts'

export interface Delivery {
  readonly message: Message
  readonly qos: 1 | 2
  readonly retain: boolean
  /** The Subscription Identifiers to send along. */
  readonly ids: readonly number[]
  /** The shared group that it was assigned from, by its whole name. */
  readonly group: string | undefined
  /** Where it stands in the store until it is settled; undefined where it was not queued there. */
  queue: QueueName | undefined
  /** What stands there is a copy of its own; true where it was never queued there. */
  isOwn: boolean
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
  group: string | undefined,
): Delivery {
  return {
    message,
    qos,
    retain,
    ids,
    group,
    queue: undefined,
    isOwn: true,
    packetId: 0,
    isReleased: false,
    isCounted: false,
  }
}
