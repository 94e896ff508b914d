// What CONNACK announces, section 3.2.2.3: the limits that are in force, where they differ from
// what their absence means [U5-28].

import type { Properties } from '../../codec/mqtt/packets.ts'
import type { Limits } from '../../core/limits.ts'
import { intervalOf } from './dialect.ts'
import type { MqttSettings } from './settings.ts'

/** What was agreed for this connection; seconds throughout. */
export interface Agreement {
  /** Undefined where the client named itself. */
  readonly assignedClientId: string | undefined
  readonly askedExpiryS: number
  readonly expiryS: number
  readonly askedKeepAliveS: number
  readonly keepAliveS: number
  readonly wantsResponseInformation: boolean
}

export function announce(
  settings: MqttSettings,
  limits: Limits,
  agreement: Agreement,
): Partial<Properties> {
  const { askedExpiryS, expiryS, askedKeepAliveS, keepAliveS } = agreement
  const { qosMax, responseInformation } = settings
  const tells = agreement.wantsResponseInformation && responseInformation !== ''
  return {
    sessionExpiry: expiryS === askedExpiryS ? undefined : intervalOf(expiryS),
    receiveMaximum: settings.receiveMax === 65_535 ? undefined : settings.receiveMax,
    maximumQos: qosMax === 2 ? undefined : qosMax, // [MQTT-3.2.2-9]
    retainAvailable: settings.retainAvailable ? undefined : 0,
    maximumPacketSize: limits.packetBytesMax,
    assignedClientId: agreement.assignedClientId, // [MQTT-3.2.2-16]
    topicAliasMaximum: settings.topicAliasMax === 0 ? undefined : settings.topicAliasMax,
    wildcardSubscriptionAvailable: settings.wildcardSubscriptions ? undefined : 0,
    subscriptionIdAvailable: settings.subscriptionIds ? undefined : 0,
    sharedSubscriptionAvailable: settings.sharedSubscriptions ? undefined : 0,
    serverKeepAlive: keepAliveS === askedKeepAliveS ? undefined : keepAliveS,
    responseInformation: tells ? responseInformation : undefined, // [MQTT-3.1.2-28]
  }
}
