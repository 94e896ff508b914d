// CONNECT, sections 3.1 and 12.9: the checks in the order of the standard, authentication, the
// session, then CONNACK and what the session has waiting. The rest of the connection is connection's.

import { Reason } from '../../base/reason.ts'
import { encode } from '../../codec/mqtt/encode.ts'
import { type Connect, PacketType, type Version } from '../../codec/mqtt/packets.ts'
import { makeProperties, NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import { connackReturnCode } from '../../codec/mqtt/reasons.ts'
import { isUtf8 } from '../../base/utf8.ts'
import type { Authentication, Principal } from '../../core/ports.ts'
import { parseTopic } from '../../core/topic.ts'
import type { Will } from '../../session/will.ts'
import { announce } from './connack.ts'
import type { Connection } from './connection.ts'
import { type Dialect, dialectOf, sessionExpiryOf } from './dialect.ts'
import { MqttPeer } from './peer.ts'
import { messageProperties } from './message-properties.ts'

export function onConnect(connection: Connection, packet: Connect): void {
  const { access } = connection.front.parts
  const dialect = dialectOf(packet.version)
  const refusal = check(connection, packet, dialect)
  if (refusal !== Reason.success) return refuse(connection, refusal, packet.version)

  const clientId = packet.clientId === '' ? connection.front.assignClientId() : packet.clientId
  const authentication = access.authenticate({
    clientId,
    user: packet.userName,
    password: packet.password,
    address: connection.wire.remoteAddress,
    front: 'mqtt',
  })
  if (!(authentication instanceof Promise)) {
    return accept(connection, packet, dialect, authentication)
  }
  connection.hold()
  void authentication
    .catch((error: unknown): Authentication => {
      connection.front.parts.log.error('authentication failed', { error: String(error) })
      return { reason: Reason.serverUnavailable, principal: undefined, text: 'no answer' }
    })
    .then((outcome) => connection.release(() => accept(connection, packet, dialect, outcome)))
}

/** Refuses a CONNECT with the code that the version has for it, or closes without one. */
export function refuse(connection: Connection, reason: Reason, version: Version | undefined): void {
  const isTold =
    version !== undefined &&
    (dialectOf(version).canRefuseMalformed || connackReturnCode(reason) !== undefined)
  if (isTold) {
    connection.outbox.beginNow()
    connection.outbox.add(
      encode(
        { type: PacketType.connack, sessionPresent: false, reason, properties: NO_PROPERTIES },
        version,
      ),
    )
  }
  connection.refused(reason) // [MQTT-3.2.2-7] [MQTT-3.1.4-6]
}

function check(connection: Connection, packet: Connect, dialect: Dialect): Reason {
  const { front } = connection
  const { settings, limits } = front.parts
  const { will, clientId, properties } = packet
  if (front.isDraining) return Reason.serverUnavailable
  if (!front.hasRoom) return Reason.quotaExceeded
  if (properties.authenticationMethod !== undefined) return Reason.badAuthenticationMethod
  if (will !== undefined) {
    if (will.qos > settings.qosMax) return Reason.qosNotSupported // [MQTT-3.2.2-12]
    if (will.retain && !settings.retainAvailable) return Reason.retainNotSupported // [MQTT-3.2.2-13]
    if (parseTopic(will.topic, limits.topicLevelsMax) === undefined) return Reason.topicNameInvalid
    // [U5-13]
    if (will.properties.payloadFormat === 1 && !isUtf8(will.payload)) {
      return Reason.payloadFormatInvalid
    }
  }
  const isAcceptable =
    clientId === ''
      ? dialect.mayAssignClientId(packet)
      : clientId.length <= dialect.clientIdLengthMax
  return isAcceptable ? Reason.success : Reason.clientIdentifierNotValid // [MQTT-3.1.3-8]
}

function accept(
  connection: Connection,
  packet: Connect,
  dialect: Dialect,
  authentication: Authentication,
): void {
  const { principal } = authentication
  const { front } = connection
  const { sessions, settings, turn, log, counters, cluster, access } = front.parts
  if (principal === undefined) {
    log.info('client refused', {
      client: packet.clientId,
      address: connection.wire.remoteAddress,
      why: authentication.text,
    })
    return refuse(connection, authentication.reason, packet.version) // [MQTT-3.1.4-2]
  }
  const will = willOf(packet, principal, front.parts.limits.topicLevelsMax)
  if (will !== undefined) {
    const reason = access.mayPublish(principal, will.topic, will.qos, will.retain)
    const refusal = will.topic.startsWith('$') ? Reason.notAuthorized : reason
    if (refusal !== Reason.success) return refuse(connection, refusal, packet.version)
  }
  const asked = sessionExpiryOf(packet)
  const expiryS = Math.min(asked, settings.sessionExpiryMax)
  const opened = sessions.open({ principal, cleanStart: packet.cleanStart, expiryS, will })
  if (opened.session === undefined) return refuse(connection, opened.reason, packet.version)

  const { session, isPresent } = opened
  const { properties } = packet
  const peer = new MqttPeer({
    turn,
    outbox: connection.outbox,
    frames: front.frames,
    counters,
    dialect,
    limits: {
      receiveMax: properties.receiveMaximum ?? 65_535,
      packetBytesMax: properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
      topicAliasMax: Math.min(properties.topicAliasMaximum ?? 0, settings.topicAliasMax),
    },
    close: (reason) => connection.close(reason),
  })
  const keepAliveS = keepAliveOf(packet.keepAlive, settings.keepAliveMax, dialect)
  connection.open({
    session,
    peer,
    principal,
    dialect,
    keepAliveMs: keepAliveS * 1000,
    expiryS: asked,
  })
  cluster.takeover(session.clientId)
  log.info('client connected', {
    client: session.clientId,
    address: connection.wire.remoteAddress,
    version: dialect.name,
    user: principal.user,
    present: isPresent,
    keepAlive: keepAliveS,
  })
  // [MQTT-3.1.4-5] [MQTT-3.2.0-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3]
  peer.send({
    type: PacketType.connack,
    sessionPresent: isPresent,
    reason: Reason.success,
    properties: makeProperties(
      announce(settings, front.parts.limits, {
        assignedClientId: packet.clientId === '' ? session.clientId : undefined,
        askedExpiryS: asked,
        expiryS,
        askedKeepAliveS: packet.keepAlive,
        keepAliveS,
        wantsResponseInformation: properties.requestResponseInformation === 1,
      }),
    ),
  })
  if (connection.isOpen) session.attach(peer)
}

function willOf(packet: Connect, principal: Principal, levelsMax: number): Will | undefined {
  const { will } = packet
  const topic = will === undefined ? undefined : parseTopic(will.topic, levelsMax)
  if (will === undefined || topic === undefined) return undefined
  const { willDelay, messageExpiry } = will.properties
  return {
    topic,
    payload: will.payload,
    qos: will.qos,
    retain: will.retain,
    properties: messageProperties(will.properties),
    delayS: willDelay ?? 0,
    expiryS: messageExpiry ?? Number.POSITIVE_INFINITY,
    principal,
  }
}

/** Seconds; a client that cannot be told of a lower one keeps its own [MQTT-3.2.2-22]. */
function keepAliveOf(asked: number, max: number, dialect: Dialect): number {
  if (max === 0 || !dialect.hasConnackProperties) return asked
  return asked === 0 ? max : Math.min(asked, max)
}
