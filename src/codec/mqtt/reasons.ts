// Which reason code may stand in which packet, sections 2.4 and 3.x.2.1, what 3.1 and 3.1.1 say in
// its place, and how each is called. The codes themselves are base/reason's.

import { FAILURE, Reason } from '../../base/reason.ts'
import { PacketType, type Version } from './packets.ts'
import { malformed } from './protocol-error.ts'

const { connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect, auth } = PacketType

/** The name in the standard, and the packets that may carry it. Success has one name per packet. */
const CODES: readonly (readonly [code: Reason, name: string, packets: readonly PacketType[]])[] = [
  [Reason.success, 'Success', [connack, puback, pubrec, pubrel, pubcomp, unsuback, auth]],
  [Reason.success, 'Granted QoS 0', [suback]],
  [Reason.success, 'Normal disconnection', [disconnect]],
  [Reason.grantedQos1, 'Granted QoS 1', [suback]],
  [Reason.grantedQos2, 'Granted QoS 2', [suback]],
  [Reason.disconnectWithWill, 'Disconnect with Will Message', [disconnect]],
  [Reason.noMatchingSubscribers, 'No matching subscribers', [puback, pubrec]],
  [Reason.noSubscriptionExisted, 'No subscription existed', [unsuback]],
  [Reason.continueAuthentication, 'Continue authentication', [auth]],
  [Reason.reAuthenticate, 'Re-authenticate', [auth]],
  [
    Reason.unspecifiedError,
    'Unspecified error',
    [connack, puback, pubrec, suback, unsuback, disconnect],
  ],
  [Reason.malformedPacket, 'Malformed Packet', [connack, disconnect]],
  [Reason.protocolError, 'Protocol Error', [connack, disconnect]],
  [
    Reason.implementationSpecificError,
    'Implementation specific error',
    [connack, puback, pubrec, suback, unsuback, disconnect],
  ],
  [Reason.unsupportedProtocolVersion, 'Unsupported Protocol Version', [connack]],
  [Reason.clientIdentifierNotValid, 'Client Identifier not valid', [connack]],
  [Reason.badUserNameOrPassword, 'Bad User Name or Password', [connack]],
  [Reason.notAuthorized, 'Not authorized', [connack, puback, pubrec, suback, unsuback, disconnect]],
  [Reason.serverUnavailable, 'Server unavailable', [connack]],
  [Reason.serverBusy, 'Server busy', [connack, disconnect]],
  [Reason.banned, 'Banned', [connack]],
  [Reason.serverShuttingDown, 'Server shutting down', [disconnect]],
  // Missing from DISCONNECT's own table, but section 2.4 has it there.
  [Reason.badAuthenticationMethod, 'Bad authentication method', [connack, disconnect]],
  [Reason.keepAliveTimeout, 'Keep Alive timeout', [disconnect]],
  [Reason.sessionTakenOver, 'Session taken over', [disconnect]],
  [Reason.topicFilterInvalid, 'Topic Filter invalid', [suback, unsuback, disconnect]],
  [Reason.topicNameInvalid, 'Topic Name invalid', [connack, puback, pubrec, disconnect]],
  [Reason.packetIdentifierInUse, 'Packet Identifier in use', [puback, pubrec, suback, unsuback]],
  [Reason.packetIdentifierNotFound, 'Packet Identifier not found', [pubrel, pubcomp]],
  [Reason.receiveMaximumExceeded, 'Receive Maximum exceeded', [disconnect]],
  [Reason.topicAliasInvalid, 'Topic Alias invalid', [disconnect]],
  [Reason.packetTooLarge, 'Packet too large', [connack, disconnect]],
  [Reason.messageRateTooHigh, 'Message rate too high', [disconnect]],
  [Reason.quotaExceeded, 'Quota exceeded', [connack, puback, pubrec, suback, disconnect]],
  [Reason.administrativeAction, 'Administrative action', [disconnect]],
  [Reason.payloadFormatInvalid, 'Payload format invalid', [connack, puback, pubrec, disconnect]],
  [Reason.retainNotSupported, 'Retain not supported', [connack, disconnect]],
  [Reason.qosNotSupported, 'QoS not supported', [connack, disconnect]],
  [Reason.useAnotherServer, 'Use another server', [connack, disconnect]],
  [Reason.serverMoved, 'Server moved', [connack, disconnect]],
  [
    Reason.sharedSubscriptionsNotSupported,
    'Shared Subscriptions not supported',
    [suback, disconnect],
  ],
  [Reason.connectionRateExceeded, 'Connection rate exceeded', [connack, disconnect]],
  [Reason.maximumConnectTime, 'Maximum connect time', [disconnect]],
  [
    Reason.subscriptionIdentifiersNotSupported,
    'Subscription Identifiers not supported',
    [suback, disconnect],
  ],
  [
    Reason.wildcardSubscriptionsNotSupported,
    'Wildcard Subscriptions not supported',
    [suback, disconnect],
  ],
]

/** By `type << 8 | code`: the code, where the packet may carry it. */
const ALLOWED: ReadonlyMap<number, Reason> = new Map(
  CODES.flatMap(([code, , packets]) => packets.map((type) => [(type << 8) | code, code] as const)),
)

/** The code as it came, if the packet may carry it. The list is closed [U5-30]. */
export function checkReason(code: number, type: PacketType): Reason {
  const reason = ALLOWED.get((type << 8) | code)
  if (reason === undefined) {
    throw malformed(`reason code ${hex(code)} in packet type ${type}`, 'U5-30')
  }
  return reason
}

/** True when a 5.0 packet of that type may carry the reason. */
export function mayCarry(type: PacketType, reason: Reason): boolean {
  return ALLOWED.has((type << 8) | reason)
}

/** What the standard calls it, for logs; success is called differently in SUBACK and DISCONNECT. */
export function reasonName(code: number, type?: PacketType): string {
  for (const [reason, name, packets] of CODES) {
    if (reason === code && (type === undefined || packets.includes(type))) return name
  }
  return hex(code)
}

/**
 * A 3.x return code of CONNACK; undefined: none fits, close without CONNACK [MQTT311-3.2.2-6].
 */
export function connackReturnCode(reason: Reason): number | undefined {
  switch (reason) {
    case Reason.success:
      return 0
    case Reason.unsupportedProtocolVersion:
      return 1
    case Reason.clientIdentifierNotValid:
      return 2
    case Reason.serverUnavailable:
    case Reason.serverBusy:
    case Reason.quotaExceeded:
    case Reason.connectionRateExceeded:
    case Reason.implementationSpecificError:
      return 3
    case Reason.badUserNameOrPassword:
    case Reason.badAuthenticationMethod:
      return 4
    case Reason.notAuthorized:
    case Reason.banned:
      return 5
    default:
      return undefined
  }
}

const CONNACK_REASONS: readonly Reason[] = [
  Reason.success,
  Reason.unsupportedProtocolVersion,
  Reason.clientIdentifierNotValid,
  Reason.serverUnavailable,
  Reason.badUserNameOrPassword,
  Reason.notAuthorized,
]

/** The reason that a 3.x return code of CONNACK stands for. */
export function connackReason(returnCode: number): Reason {
  const reason = CONNACK_REASONS[returnCode]
  if (reason === undefined) throw malformed(`CONNACK return code ${returnCode}`, 'U5-30')
  return reason
}

/** What SUBACK says of one filter; 3.x knows one failure [MQTT311-3.9.3-2]. */
export function subackCode(reason: Reason, version: Version): number {
  return version < 5 && reason >= FAILURE ? Reason.unspecifiedError : reason
}

/** The reason in SUBACK; before 5.0 only 0, 1, 2 and 0x80 [MQTT311-3.9.3-2]. */
export function subackReason(code: number, version: Version): Reason {
  const reason = checkReason(code, PacketType.suback)
  if (version < 5 && reason > Reason.unspecifiedError) {
    throw malformed(`SUBACK return code ${hex(code)}`, 'MQTT311-3.9.3-2')
  }
  return reason
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`
}
