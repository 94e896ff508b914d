// CONNECT, sections 3.1 and 12.9: the checks in the order of the standard, authentication, the
// session, then CONNACK and what the session has waiting. The rest of the connection is
// connection's.

import { Reason } from '../../base/reason.ts'
import { encode } from '../../codec/mqtt/encode.ts'
import { type Connack, type Connect, PacketType, type Version } from '../../codec/mqtt/packets.ts'
import { makeProperties, NO_PROPERTIES } from '../../codec/mqtt/properties.ts'
import { connackReturnCode } from '../../codec/mqtt/reasons.ts'
import { isUtf8 } from '../../base/utf8.ts'
import type { Authentication, Credentials, Explanation, Principal } from '../../core/ports.ts'
import { explain } from '../../core/refusal.ts'
import { parseTopic } from '../../core/topic.ts'
import type { Will } from '../../session/will.ts'
import { announce } from './connack.ts'
import type { Client } from './client.ts'
import { type Dialect, dialectOf, sessionExpiryOf } from './dialect.ts'
import { beginLogin } from './on-auth.ts'
import { MqttPeer } from './peer.ts'
import { messageProperties } from './message-properties.ts'

/** Where CONNECT names none. */
const RECEIVE_MAXIMUM = 65_535

export function onConnect(client: Client, packet: Connect): void {
  const dialect = dialectOf(packet.version)
  const refusal = check(client, packet, dialect)
  if (refusal !== Reason.success) return refuse(client, refusal, packet.version)

  const clientId = packet.clientId === '' ? client.front.assignClientId() : packet.clientId
  const credentials: Credentials = {
    clientId,
    user: packet.userName,
    password: packet.password,
    address: client.wire.remoteAddress,
    front: 'mqtt',
  }
  if (packet.properties.authenticationMethod !== undefined) {
    return authenticateByMethod(client, packet, dialect, credentials)
  }
  const authentication = client.access.authenticate(credentials)
  if (!(authentication instanceof Promise)) {
    return accept(client, packet, dialect, authentication)
  }
  client.hold()
  void authentication
    .catch((error: unknown): Authentication => {
      client.front.parts.log.error('authentication failed', { error: String(error) })
      return { reason: Reason.serverUnavailable, principal: undefined, text: 'no answer' }
    })
    .then((outcome) => client.release(() => accept(client, packet, dialect, outcome)))
}

/** The exchange of AUTH that precedes CONNACK, section 4.12. */
function authenticateByMethod(
  client: Client,
  packet: Connect,
  dialect: Dialect,
  credentials: Credentials,
): void {
  const {
    authenticationMethod: name = '',
    authenticationData,
    maximumPacketSize,
  } = packet.properties
  const method = client.access.methods?.get(name)
  // [MQTT-4.12.0-1]
  if (method === undefined) return refuse(client, Reason.badAuthenticationMethod, packet.version)
  beginLogin(client, dialect, {
    method: name,
    exchange: method.start(credentials),
    data: authenticationData,
    packetBytesMax: maximumPacketSize ?? Number.POSITIVE_INFINITY,
    finish: (step) => {
      const { outcome } = step
      const authentication: Authentication =
        outcome === 'success'
          ? { reason: Reason.success, principal: step.principal }
          : { ...step, principal: undefined }
      accept(client, packet, dialect, authentication, outcome === 'success' ? step.data : undefined)
    },
  })
}

type Refused = Extract<Authentication, { readonly principal: undefined }>

interface Told {
  readonly reasonString?: string
  readonly packetBytesMax?: number
}

/** Refuses a CONNECT with the code that the version has for it, or closes without one. */
export function refuse(
  client: Client,
  reason: Reason,
  version: Version | undefined,
  told: Told = {},
): void {
  const dialect = version && dialectOf(version)
  if (dialect && (dialect.canRefuseMalformed || connackReturnCode(reason) !== undefined)) {
    const { reasonString, packetBytesMax } = told
    const properties = reasonString ? makeProperties({ reasonString }) : NO_PROPERTIES
    client.outbox.beginNow()
    client.outbox.add(
      encode(
        { type: PacketType.connack, sessionPresent: false, reason, properties },
        dialect.version,
        packetBytesMax, // [MQTT-3.2.2-19]
      ),
    )
  }
  client.refused(reason) // [MQTT-3.2.2-7] [MQTT-3.1.4-6]
}

function check(client: Client, packet: Connect, dialect: Dialect): Reason {
  const { front } = client
  const { settings, limits } = front.parts
  const { will, clientId } = packet
  if (front.isDraining || !front.parts.gate.isOpen) return Reason.serverUnavailable
  if (!front.hasRoom) return Reason.quotaExceeded
  if (will !== undefined) {
    if (will.qos > settings.qosMax) return Reason.qosNotSupported // [MQTT-3.2.2-12]
    // [MQTT-3.2.2-13]
    if (will.retain && !settings.retainAvailable) return Reason.retainNotSupported
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
  client: Client,
  packet: Connect,
  dialect: Dialect,
  authentication: Authentication,
  authenticationData?: Uint8Array,
): void {
  const { principal } = authentication
  const { sessions, settings, log, observer, store } = client.front.parts
  if (principal === undefined) return refuseLogin(client, packet, authentication)
  // Others may have come while it was being authenticated.
  if (!client.front.hasRoom) return refuse(client, Reason.quotaExceeded, packet.version)
  const will = willOf(packet, principal, client.front.parts.limits.topicLevelsMax)
  const refusal = mayLeave(client, will, principal)
  if (will !== undefined && refusal !== Reason.success) {
    const explanation = forbiddenWill(client, will, principal)
    return refuse(client, refusal, packet.version, toldOf(packet, explanation))
  }

  const asked = sessionExpiryOf(packet)
  const expiryS = Math.min(asked, settings.sessionExpiryMax)
  const needsStore = mustBeStored(client, principal, expiryS, will)
  const storeRefusal = store.refusal()
  if (needsStore && storeRefusal !== undefined) return refuse(client, storeRefusal, packet.version)
  const opened = sessions.open({ principal, cleanStart: packet.cleanStart, expiryS, will })
  if (opened.session === undefined) return refuse(client, opened.reason, packet.version)

  const { session, isPresent } = opened
  const peer = peerOf(client, packet, dialect)
  const keepAliveS = keepAliveOf(packet.keepAlive, settings.keepAliveMax, dialect)
  const [keepAliveMs, method] = [keepAliveS * 1000, packet.properties.authenticationMethod]
  client.open({ session, peer, principal, method, dialect, keepAliveMs, expiryS: asked })
  client.front.parts.counters.connectionsAccepted += 1
  client.front.parts.cluster.takeover(session.clientId)
  log.info('client connected', {
    client: session.clientId,
    address: client.wire.remoteAddress,
    version: dialect.name,
    user: principal.user,
    present: isPresent,
    keepAlive: keepAliveS,
  })
  if (observer.connect.isHeard) {
    const { remoteAddress: address } = client.wire
    const { clientId } = principal
    const version = dialect.name
    observer.connect.emit({ clientId, principal, address, version, sessionPresent: isPresent })
  }
  const announced = announce(settings, client.front.parts.limits, {
    assignedClientId: packet.clientId === '' ? session.clientId : undefined,
    askedExpiryS: asked,
    expiryS,
    askedKeepAliveS: packet.keepAlive,
    keepAliveS,
    wantsResponseInformation: packet.properties.requestResponseInformation === 1,
  })
  // [MQTT-3.1.4-5] [MQTT-3.2.0-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3]
  const connack: Connack = {
    type: PacketType.connack,
    sessionPresent: isPresent,
    reason: Reason.success,
    // [MQTT-4.12.0-5] [MQTT-4.12.0-6]
    properties: makeProperties({ ...announced, authenticationMethod: method, authenticationData }),
  }
  if (needsStore || storeRefusal === undefined) peer.send(connack)
  else peer.tell(connack) // A commit may be long in coming.
  if (client.isOpen) session.attach(peer)
  // It takes no packet as large as CONNACK: it was never connected, and no will is armed.
  else sessions.close(session, undefined, { dropsWill: true })
}

/** Whether accepting this CONNECT changes what must survive the process. */
function mustBeStored(
  client: Client,
  { clientId }: Principal,
  expiryS: number,
  will: Will | undefined,
): boolean {
  const existing = client.front.parts.sessions.find(clientId)
  return expiryS > 0 || will !== undefined || existing?.isRecorded === true
}

/** Whether the will may be published, asked now so that the client learns of it. */
function mayLeave(client: Client, will: Will | undefined, principal: Principal): Reason {
  if (will === undefined) return Reason.success
  if (will.topic.startsWith('$')) return Reason.notAuthorized // [U5-18]
  return client.front.parts.access.mayPublish(principal, will.topic, will.qos, will.retain)
}

/** [MQTT-3.1.4-2] */
function refuseLogin(client: Client, packet: Connect, refused: Refused): void {
  const { reason, text, explanation } = refused
  client.front.parts.log.info('client refused', {
    client: packet.clientId,
    address: client.wire.remoteAddress,
    why: text,
    ...(explanation === undefined ? {} : { user: packet.userName, rule: explanation.by }),
  })
  refuse(client, reason, packet.version, toldOf(packet, explanation))
}

/** What a refusal says in words, within what the client takes. */
function toldOf({ properties }: Connect, explanation: Explanation | undefined): Told {
  const { maximumPacketSize: packetBytesMax = Number.POSITIVE_INFINITY } = properties
  const reasonString = explanation?.told
  return reasonString === undefined ? {} : { reasonString, packetBytesMax }
}

/** Logs it, and tells why. */
function forbiddenWill(client: Client, will: Will, principal: Principal): Explanation | undefined {
  const { access, log } = client.front.parts
  const { topic, qos, retain } = will
  const explanation = explain(access, principal, { act: 'publish', topic, qos, retain })
  log.info('client refused', {
    client: principal.clientId,
    address: client.wire.remoteAddress,
    why: 'the will may not be published',
    ...{ topic, user: principal.user, rule: explanation?.by },
  })
  return explanation
}

function peerOf(client: Client, { properties }: Connect, dialect: Dialect): MqttPeer {
  const { turn, counters, settings } = client.front.parts
  const { receiveMaximum, maximumPacketSize, topicAliasMaximum } = properties
  const { requestProblemInformation } = properties
  return new MqttPeer({
    turn,
    outbox: client.outbox,
    frames: client.front.frames,
    counters,
    dialect,
    limits: {
      receiveMax: receiveMaximum ?? RECEIVE_MAXIMUM,
      packetBytesMax: maximumPacketSize ?? Number.POSITIVE_INFINITY,
      topicAliasMax: Math.min(topicAliasMaximum ?? 0, settings.topicAliasMax),
      tellsProblems: dialect.canRefusePublish && requestProblemInformation !== 0,
    },
    connection: client,
  })
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
