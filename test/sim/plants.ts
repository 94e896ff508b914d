// Faults that the simulation must find. Each is one statement of the server changed; those marked
// "once real" are faults that the simulation found when they were.

import type { Plant } from '../support/plants.ts'

const SESSION = 'src/session/session.ts'
const SESSIONS = 'src/session/sessions.ts'
const SENDER = 'src/session/sender.ts'
const BACKLOG = 'src/session/backlog.ts'
const QUEUE = 'src/session/queue.ts'
const TAIL = 'src/session/stored-tail.ts'
const GROUP = 'src/session/shared-group.ts'
const PEER = 'src/fronts/mqtt/peer.ts'
const PUBLISH = 'src/fronts/mqtt/on-publish.ts'
const CONNECTION = 'src/fronts/mqtt/connection.ts'
const HUB = 'src/core/hub.ts'
const OUTBOX = 'src/base/outbox.ts'
const TURN = 'src/base/turn.ts'

/** `near` is a seed that found it, of those that take long to find. */
export interface SimPlant extends Plant {
  readonly near?: number
}

export const PLANTS: readonly SimPlant[] = [
  {
    name: 'acknowledges before the commit',
    file: PEER,
    find: 'this.#begin(false, ticket, type === PacketType.puback ? 1 : 0)',
    replace: 'this.#begin(true, ticket, type === PacketType.puback ? 1 : 0)',
  },
  {
    name: 'takes a failed commit for a durable one',
    file: TURN,
    find: 'if (error === undefined) this.#committed(ticket)',
    replace: 'if (error === undefined || ticket > 0) this.#committed(ticket)',
  },
  {
    name: 'forgets a PUBREL on reconnect',
    file: SESSION,
    find: 'if (isReleased) this.#peer.pubrel(packetId)',
    replace: 'if (isReleased) continue',
  },
  {
    name: 'sends PUBLISH again after PUBREC',
    file: SESSION,
    find: 'if (isReleased) this.#peer.pubrel(packetId)',
    replace: 'if (isReleased && packetId === 0) this.#peer.pubrel(packetId)',
  },
  {
    name: 'exceeds the window',
    file: SENDER,
    find: '      this.#quota > 0 &&',
    replace: '      this.#quota > -1 &&',
  },
  {
    name: 'exceeds the window when it sends again',
    file: SENDER,
    find: 'if (this.#quota === 0) return undefined',
    replace: 'if (this.#quota === -1) return undefined',
  },
  {
    name: 'loses a place in the window',
    file: SENDER,
    find: 'if (delivery.isCounted) this.#quota += 1',
    replace: 'if (delivery.isCounted && delivery.qos === 1) this.#quota += 1',
  },
  {
    name: 'sends again in the wrong order after a reconnect',
    file: SENDER,
    find: 'this.#unsent = [...this.deliveries()].reverse()',
    replace: 'this.#unsent = [...this.deliveries()]',
  },
  {
    name: 'sends again without DUP',
    file: SESSION,
    find: 'else if (this.#peer.publish(message, qos, retain, ids, packetId, true))',
    replace: 'else if (this.#peer.publish(message, qos, retain, ids, packetId, false))',
  },
  {
    name: 'loses a shared message when its member goes',
    file: SESSION,
    find: '      group.takeBack(deliveries)',
    replace: '      group.takeBack(deliveries.slice(1))',
  },
  {
    name: 'gives a begun QoS 2 message to another member',
    file: SESSION,
    find: 'if (group === undefined || delivery.qos === 2) continue',
    replace: 'if (group === undefined) continue',
  },
  {
    name: 'does not record what a group kept in memory (once real)',
    near: 143,
    file: GROUP,
    find: 'if (member.isDurable) this.#backlog.makeDurable()',
    replace: 'if (member.isDurable && this.waiting === 0) this.#backlog.makeDurable()',
  },
  {
    name: 'takes what is given back for what was never queued',
    file: BACKLOG,
    find: 'for (const delivery of sorted) if (delivery.queue === undefined) this.#store',
    replace: 'for (const delivery of sorted) if (delivery.queue !== null) this.#store',
  },
  {
    name: 'loads what was settled while its page was read (once real)',
    near: 1101,
    file: TAIL,
    find: 'return settled.has(offset) || this.#owner.isOut(offset)',
    replace: 'return this.#owner.isOut(offset)',
  },
  {
    name: 'loads what is in flight',
    file: TAIL,
    find: 'return settled.has(offset) || this.#owner.isOut(offset)',
    replace: 'return settled.has(offset)',
  },
  {
    name: 'skips what is queued while a page is read',
    file: BACKLOG,
    find: 'return this.#isOpen && this.#tail.count === 0 && !this.#tail.isBusy',
    replace: 'return this.#isOpen',
  },
  {
    name: 'leaves in the queue what a member of a group settled',
    file: SESSION,
    find: '} else if (queue !== undefined) turn.append',
    replace: '} else if (queue === null) turn.append',
  },
  {
    name: 'forgets what is in flight when its group ends',
    file: GROUP,
    find: 'delivery } of this.#out.values()) holder.own(delivery)',
    replace: 'delivery } of this.#out.values()) void [holder, delivery]',
  },
  {
    name: 'mixes up the queue',
    file: QUEUE,
    find: '    this.#entries.push(delivery)',
    replace: '    this.#entries.splice(this.#entries.length - 1, 0, delivery)',
  },
  {
    name: 'lets a new message pass those that wait',
    file: SESSION,
    find: 'return this.isReady && this.waiting === 0 && this.#sender.isOpen',
    replace: 'return this.isReady && this.#sender.isOpen',
  },
  {
    name: 'drops the newest message too early',
    file: QUEUE,
    find: 'if (count >= this.#countMax) return false',
    replace: 'if (count >= this.#countMax - 1) return false',
  },
  {
    name: 'queues without a bound',
    file: QUEUE,
    find: 'if (count >= this.#countMax) return false',
    replace: 'if (count >= this.#countMax + 1) return false',
  },
  {
    name: 'queues a view of the read buffer',
    file: BACKLOG,
    find: '    keep(message)\n',
    replace: '    void keep\n',
  },
  {
    name: 'publishes a will after a clean DISCONNECT',
    file: SESSIONS,
    find: 'if (ending.dropsWill) this.#setWill(session, undefined)',
    replace: 'if (ending.dropsWill && session.isDurable) this.#setWill(session, undefined)',
  },
  {
    name: 'publishes a will too early',
    file: SESSIONS,
    find: 'const delayMs = (session.will?.delayS ?? 0) * 1000',
    replace: 'const delayMs = (session.will?.delayS ?? 0) * 100',
  },
  {
    name: 'forgets to call a delayed will off',
    file: SESSIONS,
    find: 'else this.#setWill(session, undefined) // [MQTT-3.1.3-9]',
    replace: 'else this.#publishWill(session)',
  },
  {
    name: 'refuses a will while commits fail (once real)',
    file: SESSIONS,
    find: 'this.#world.hub.publishPromised(message, principal)',
    replace: 'this.#world.hub.publish(message, principal)',
  },
  {
    name: 'keeps a session past its expiry',
    file: SESSIONS,
    find: 'const expiryMs = session.expiryS * 1000',
    replace: 'const expiryMs = session.expiryS * 2000',
  },
  {
    name: 'keeps the session at a clean start',
    file: SESSIONS,
    find: 'if (isOver) this.#end(session)',
    replace: 'if (isOver && !session.isDurable) this.#end(session)',
  },
  {
    name: 'loses what waits when a connection is taken over',
    file: SESSION,
    find: '    const returning = new Map<SharedGroup, Delivery[]>()',
    replace: '    this.#backlog?.clear()\n    const returning = new Map<SharedGroup, Delivery[]>()',
  },
  {
    name: 'does not clear a state',
    file: HUB,
    find: 'if (this.#retained.clear(message.topic)) {',
    replace: 'if (this.#retained.get(message.topic, 0) !== undefined) {',
  },
  {
    name: 'sends a state that was replaced (once real)',
    file: 'src/session/replays.ts',
    find: 'if (state !== message) continue',
    replace: 'if (state === undefined) continue',
  },
  {
    name: 'delivers an expired message',
    file: BACKLOG,
    find: 'if (delivery.message.expiresAtMs >= this.#world.turn.wallMs) return delivery',
    replace: 'if (delivery.message.expiresAtMs >= 0) return delivery',
  },
  {
    name: 'takes a repeated QoS 2 message twice',
    file: PUBLISH,
    find: 'if (qos === 2 && session.receiver.has(packetId)) {',
    replace: 'if (qos === 2 && !packet.dup && session.receiver.has(packetId)) {',
  },
  {
    name: 'acknowledges and drops what it cannot keep (once real)',
    file: PUBLISH,
    find: 'if (isForNow(reason) && !dialect.canRefusePublish) return client.close(reason)',
    replace: 'if (isForNow(reason) && dialect.version < 3) return client.close(reason)',
  },
  {
    name: 'lets a QoS 0 message pass CONNACK',
    file: PEER,
    find: 'else if (this.isConnackHeld) this.#outbox.beginBehind(this.#connackTicket)',
    replace: 'else if (this.isConnackHeld) this.#outbox.beginNow()',
  },
  {
    name: 'lets a QoS 0 message pass one that waits behind CONNACK (once real)',
    near: 365,
    file: PEER,
    find: 'else if (this.isConnackHeld) this.#outbox.beginBehind(this.#connackTicket)',
    replace: 'else if (this.isConnackHeld) this.#outbox.beginInOrder(0)',
  },
  {
    name: 'loses a message of a group that its member left (once real)',
    file: SESSION,
    find: 'this.#giveBack((name) => this.subscriptions.living(name))',
    replace: 'this.#giveBack(() => undefined)',
  },
  {
    name: 'says DISCONNECT before CONNACK (once real)',
    file: CONNECTION,
    find: 'if (dialect.canDisconnect && !isSilent && hasConnack) {',
    replace: 'if (dialect.canDisconnect && !isSilent) {',
  },
  {
    name: 'never looks at keep alive',
    near: 161,
    file: CONNECTION,
    find: "if (this.#state !== 'open' || keepAliveMs === 0) return",
    replace: 'if (keepAliveMs >= 0) return',
  },
  {
    name: 'goes on writing to a client that does not read',
    near: 163,
    file: PEER,
    find: 'return !this.#outbox.isFull',
    replace: 'return this.#outbox.bytes >= 0',
  },
  {
    name: 'keeps a session that is over',
    file: SESSIONS,
    find: '    if (session.expiryS === 0) {',
    replace: '    if (session.inflight > 0) return\n    if (session.expiryS === 0) {',
  },
  {
    name: 'writes while another write is under way',
    file: OUTBOX,
    find: 'if (this.#writing !== undefined || this.#isClosed) return',
    replace: 'if (this.#isClosed) return',
  },
]
