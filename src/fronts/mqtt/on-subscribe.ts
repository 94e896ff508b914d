// SUBSCRIBE, section 3.8: one reason per filter [MQTT-3.8.4-6], in their order [MQTT-3.9.3-1];
// retained messages follow after SUBACK.

import { FAILURE, Reason } from '../../base/reason.ts'
import {
  PacketType,
  type Suback,
  type Subscribe,
  type SubscribeFilter,
} from '../../codec/mqtt/packets.ts'
import { ProtocolError } from '../../codec/mqtt/protocol-error.ts'
import { reasonName } from '../../codec/mqtt/reasons.ts'
import type { Qos } from '../../core/message.ts'
import { explain } from '../../core/refusal.ts'
import {
  isWild,
  levels,
  parseSubscriptionFilter,
  type SubscriptionFilter,
} from '../../core/topic.ts'
import type { Client } from './client.ts'

/** Different refusals of one SUBACK that are told in words; the log has all. */
const REASONS_MAX = 4

export function onSubscribe(client: Client, packet: Subscribe): void {
  const { settings } = client.front.parts
  const { session, peer, dialect } = client.admission
  const id = packet.properties.subscriptionIds[0] ?? 0
  if (id !== 0 && !settings.subscriptionIds) {
    throw new ProtocolError(
      'Subscription Identifiers are not available',
      Reason.subscriptionIdentifiersNotSupported,
      'U5-11',
    )
  }
  // All are read before the first one has an effect, since one bad filter ends the client.
  const parsed = packet.filters.map(({ filter }) => parse(filter))
  const why = new Set<string>()
  const reasons = packet.filters.map((asked, index) => {
    const filter = parsed[index]
    if (filter === undefined) return Reason.topicFilterInvalid
    if (session.receiver.has(packet.packetId)) return Reason.packetIdentifierInUse // [U5-25]
    const reason = subscribe(client, filter, asked, id, why)
    return reason >= FAILURE && !dialect.canRefuseSubscription ? Reason.success : reason
  })
  // What cannot be kept now must not seem to be granted: 3.1 has no word for it.
  const refusal = session.isDurable ? client.front.parts.store.refusal() : undefined
  if (refusal !== undefined && !dialect.canRefuseSubscription) return client.close(refusal)
  // [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5]
  const suback: Suback = {
    type: PacketType.suback,
    packetId: packet.packetId,
    reasons,
    properties: peer.propertiesOf(why.size === 0 ? undefined : [...why].join('; ')),
  }
  // What is refused, or ends with the connection, needs no disk.
  if (session.isDurable && reasons.some((reason) => reason < FAILURE)) peer.send(suback)
  else peer.tell(suback)
}

/** Syntax that the standard forbids ends the client, as the first byte of a bad packet does. */
export function parse(text: string): SubscriptionFilter {
  const filter = parseSubscriptionFilter(text, Number.POSITIVE_INFINITY)
  if (filter !== undefined) return filter
  throw new ProtocolError('a topic filter is invalid', Reason.topicFilterInvalid, 'MQTT-4.7.1-1')
}

function subscribe(
  client: Client,
  filter: SubscriptionFilter,
  asked: SubscribeFilter,
  id: number,
  why: Set<string>,
): Reason {
  const { settings, access, log } = client.front.parts
  const { session, principal } = client.admission
  const impossible = unavailable(client, filter)
  if (impossible !== undefined) {
    log.debug('subscribe refused', {
      client: session.clientId,
      filter: asked.filter,
      reason: reasonName(impossible, PacketType.suback),
    })
    return impossible
  }
  const refusal = access.maySubscribe(principal, filter.filter)
  if (refusal !== Reason.success) {
    const told = forbidden(client, filter, asked, refusal)
    if (told !== undefined && why.size < REASONS_MAX) why.add(told)
    return refusal
  }
  const qos: Qos = asked.qos < settings.qosMax ? asked.qos : settings.qosMax // [MQTT-3.8.4-7]
  const { noLocal, retainAsPublished, retainHandling } = asked
  const options = { qos, noLocal, retainAsPublished, retainHandling, id }
  const reason = session.subscriptions.add(filter, options)
  const outcome = reason < FAILURE ? 'subscribed' : 'subscribe refused'
  const name = reasonName(reason, PacketType.suback)
  log.debug(outcome, { client: session.clientId, filter: asked.filter, reason: name })
  return reason
}

/** Logs it; returns what the client may be told beside the reason. */
function forbidden(
  client: Client,
  { filter }: SubscriptionFilter,
  asked: SubscribeFilter,
  reason: Reason,
): string | undefined {
  const { access, log } = client.front.parts
  const { session, principal } = client.admission
  const explanation = explain(access, principal, { act: 'subscribe', filter })
  log.info('subscribe refused', {
    client: session.clientId,
    filter: asked.filter,
    reason: reasonName(reason, PacketType.suback),
    user: principal.user,
    rule: explanation?.by,
  })
  return explanation?.told
}

/** Why a filter is refused by the server's limits, if it is. */
function unavailable(client: Client, filter: SubscriptionFilter): Reason | undefined {
  const { settings, limits } = client.front.parts
  const { dialect } = client.admission
  let reason: Reason | undefined
  if (filter.share !== undefined && !settings.sharedSubscriptions) {
    reason = Reason.sharedSubscriptionsNotSupported
  } else if (isWild(filter.filter) && !settings.wildcardSubscriptions) {
    reason = Reason.wildcardSubscriptionsNotSupported
  } else if (levels(filter.filter) > limits.topicLevelsMax) {
    return Reason.topicFilterInvalid // [U5-14]
  }
  // CONNACK announced it: the client breaks the protocol [U5-10] [U5-12].
  if (reason !== undefined && dialect.hasConnackProperties) {
    throw new ProtocolError('a filter of a kind that is not available', reason, 'U5-10')
  }
  return reason
}
