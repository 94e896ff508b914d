// AUTH, sections 3.15 and 4.12: the exchange that a method needs between CONNECT and CONNACK, and
// later re-authentication, while all else goes on under the old login [U5-50]. What the messages
// mean is the method's.

import { Reason } from '../../base/reason.ts'
import { encode } from '../../codec/mqtt/encode.ts'
import { type Auth, type Packet, PacketType } from '../../codec/mqtt/packets.ts'
import { makeProperties } from '../../codec/mqtt/properties.ts'
import { ProtocolError } from '../../codec/mqtt/protocol-error.ts'
import type { AuthenticationExchange, AuthenticationStep, Principal } from '../../core/ports.ts'
import type { Client, Login } from './client.ts'
import type { Dialect } from './dialect.ts'

/** What a CONNECT with an Authentication Method begins. */
export interface Beginning extends Pick<Login, 'method' | 'finish'> {
  readonly exchange: AuthenticationExchange
  readonly data: Uint8Array | undefined
  /** What the client takes. */
  readonly packetBytesMax: number
}

/** Asks the method, and the client as often as the method asks; the connect time-out bounds it. */
export function beginLogin(client: Client, dialect: Dialect, beginning: Beginning): void {
  const { method, exchange, finish, packetBytesMax } = beginning
  const login: Login = {
    method,
    exchange,
    isBusy: false,
    finish: (step) => {
      client.login = undefined
      finish(step)
    },
    say: (reason, data) => {
      const bytes = encode(authOf(reason, method, data), dialect.version, packetBytesMax)
      // [MQTT-3.1.2-24]
      if (bytes.length > packetBytesMax) return login.finish(TOO_LARGE)
      client.awaitAuth(dialect) // [MQTT-4.12.0-2]
      client.outbox.beginNow()
      client.outbox.add(bytes)
    },
  }
  client.login = login
  advance(client, login, beginning.data)
}

/** What comes between CONNECT and CONNACK, where a method asked for it [MQTT-3.1.2-30]. */
export function onBeforeConnack(client: Client, packet: Packet): void {
  const { login } = client
  if (packet.type === PacketType.disconnect) return client.refused(packet.reason)
  if (packet.type !== PacketType.auth || login === undefined) {
    const text = 'neither AUTH nor DISCONNECT before CONNACK'
    throw new ProtocolError(text, Reason.protocolError, 'MQTT-3.1.2-30')
  }
  checkMethod(packet, login.method)
  if (packet.reason !== Reason.continueAuthentication) throw outOfPlace('MQTT-4.12.0-3')
  advance(client, login, packet.properties.authenticationData)
}

/** AUTH on an accepted connection: re-authentication, or the answer to a question in it. */
export function onAuth(client: Client, packet: Auth): void {
  const { method } = client.admission
  if (method === undefined) {
    const text = 'AUTH without a method in CONNECT'
    throw new ProtocolError(text, Reason.protocolError, 'U5-51') // [MQTT-4.12.0-7]
  }
  checkMethod(packet, method)
  const { authenticationData: data } = packet.properties
  if (packet.reason === Reason.reAuthenticate) {
    if (client.login !== undefined) throw outOfPlace('MQTT-4.12.1-1')
    return beginAgain(client, method, data)
  }
  const { login } = client
  if (packet.reason !== Reason.continueAuthentication || login === undefined || login.isBusy) {
    throw outOfPlace('MQTT-4.12.0-3')
  }
  advance(client, login, data)
}

function beginAgain(client: Client, method: string, data: Uint8Array | undefined): void {
  const { session, peer } = client.admission
  // The rules may have changed since CONNECT.
  const exchange = client.access.methods?.get(method)?.start({
    clientId: session.clientId,
    user: undefined,
    password: undefined,
    address: client.wire.remoteAddress,
    front: 'mqtt',
  })
  if (exchange === undefined) return client.close(Reason.badAuthenticationMethod)
  const login: Login = {
    method,
    exchange,
    isBusy: false,
    say: (reason, more) => peer.send(authOf(reason, method, more)), // [MQTT-4.12.0-5]
    finish: (step) => {
      client.login = undefined
      if (step.outcome === 'refused') return failed(client, step.reason, step.text)
      // A session belongs to its user, whoever proves what.
      if (step.principal.user !== client.admission.principal.user) {
        return failed(client, Reason.notAuthorized, 'he proved to be another user')
      }
      login.say(Reason.success, step.data)
      if (client.isOpen) adopt(client, step.principal)
    },
  }
  client.login = login
  advance(client, login, data)
}

/** Gives the method what the client said, and the client what the method says. */
function advance(client: Client, login: Login, data: Uint8Array | undefined): void {
  const step = login.exchange.next(data)
  if (!(step instanceof Promise)) return take(login, step)
  const wasOpen = client.isOpen
  login.isBusy = true
  // After CONNACK all else goes on meanwhile [U5-50].
  if (!wasOpen) client.hold()
  void step
    .catch((error: unknown): AuthenticationStep => {
      client.front.parts.log.error('authentication failed', { error: String(error) })
      return { outcome: 'refused', reason: Reason.serverUnavailable, text: 'no answer' }
    })
    .then((outcome) => {
      login.isBusy = false
      if (!wasOpen) return client.release(() => take(login, outcome))
      client.front.parts.turn.open()
      if (client.isOpen) take(login, outcome)
    })
}

function take(login: Login, step: AuthenticationStep): void {
  if (step.outcome === 'continue') login.say(Reason.continueAuthentication, step.data)
  else login.finish(step)
}

/** From now on the client is who he proved to be; the rules for him are compiled anew. */
function adopt(client: Client, principal: Principal): void {
  const { session } = client.admission
  session.principal = principal
  if (session.will !== undefined) session.will = { ...session.will, principal }
  client.reauthenticated(principal)
}

/** [MQTT-4.12.1-2] */
function failed(client: Client, reason: Reason, text: string): void {
  const { clientId } = client.admission.session
  client.front.parts.log.info('re-authentication refused', { client: clientId, why: text })
  client.close(reason === Reason.serverBusy ? reason : Reason.notAuthorized)
}

function checkMethod(packet: Auth, method: string): void {
  if (packet.properties.authenticationMethod === method) return // [MQTT-4.12.0-5]
  const text = 'AUTH with another method than CONNECT'
  throw new ProtocolError(text, Reason.protocolError, 'U5-51') // [MQTT-4.12.1-1]
}

function outOfPlace(clause: string): ProtocolError {
  return new ProtocolError('AUTH out of its turn', Reason.protocolError, clause)
}

function authOf(reason: Reason, method: string, data: Uint8Array | undefined): Auth {
  const properties = makeProperties({ authenticationMethod: method, authenticationData: data })
  return { type: PacketType.auth, reason, properties } // [MQTT-3.15.2-1]
}

const TOO_LARGE = {
  outcome: 'refused',
  reason: Reason.packetTooLarge,
  text: 'the client does not take an AUTH so large',
} as const
