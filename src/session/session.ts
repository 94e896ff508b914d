// The state that outlives a connection, section 4.1: subscriptions; QoS 1 and 2 messages sent and
// not finished, with their packet ids; messages that wait; QoS 2 messages received and not
// released; the will. Knows no bytes and no versions: it speaks to a Peer. Who may have it, and
// when it ends, is sessions'.

import { FAILURE, type Reason } from '../base/reason.ts'
import { keep, lower, type Message } from '../core/message.ts'
import type { Principal } from '../core/ports.ts'
import { sessionQueue, type StoredQueue } from '../core/store.ts'
import type { Match } from '../core/subscription.ts'
import type { Topic } from '../core/topic.ts'
import { Backlog, type BacklogOwner } from './backlog.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import type { Peer } from './peer.ts'
import { Receiver } from './receiver.ts'
import type { Replay } from './replay.ts'
import { Replays } from './replays.ts'
import { Acknowledged, Sender } from './sender.ts'
import type { SharedGroup, SharedGroups } from './shared-group.ts'
import { type Owner, Subscriptions } from './subscriptions.ts'
import type { Will } from './will.ts'
import type { World } from './world.ts'

export class Session implements Owner, BacklogOwner {
  readonly clientId: string
  readonly #world: World
  readonly #sender: Sender
  /** Made when a message has to wait for the first time. */
  #backlog: Backlog | undefined
  readonly receiver: Receiver = new Receiver()
  readonly subscriptions: Subscriptions

  /** Who it belongs to: only he may take it over. */
  principal: Principal
  /** Seconds that it outlives its connection; Infinity for ever. */
  expiryS = 0
  will: Will | undefined
  /** True once it has been promised to outlive a connection; then it is in the store. */
  isDurable = false
  /** True once the store knows of it: it is durable, or has had a will. */
  isRecorded = false

  #peer: Peer | undefined
  /** QoS 0 messages dropped in the present episode of slow reading. */
  #droppedSlow = 0
  /** There while retained messages are owed. */
  #replays: Replays | undefined
  #isPumpDue = false

  constructor(world: World, groups: SharedGroups, principal: Principal) {
    this.#world = world
    this.clientId = principal.clientId
    this.principal = principal
    this.#sender = new Sender(world.limits.inflightMax, world.limits.inflightBytesMax)
    this.subscriptions = new Subscriptions(world, groups, this)
  }

  get peer(): Peer | undefined {
    return this.#peer
  }

  /** Messages that wait, without those in flight. */
  get waiting(): number {
    return this.#backlog?.length ?? 0
  }

  /** Messages in flight. */
  get inflight(): number {
    return this.#sender.size
  }

  /** Bytes of payloads and properties of both. */
  get bytes(): number {
    return (this.#backlog?.bytes ?? 0) + this.#sender.bytes
  }

  get isConnected(): boolean {
    return this.#peer !== undefined
  }

  get isReady(): boolean {
    return this.#peer?.isWritable === true
  }

  get canTake(): boolean {
    return this.isReady && this.waiting === 0 && this.#sender.isOpen
  }

  /** From now on it must survive the process. */
  makeDurable(): void {
    this.isDurable = true
    this.#backlog?.makeDurable()
  }

  /**
   * A connection that has been told of its acceptance: sends again what is unfinished, then goes
   * on.
   */
  attach(peer: Peer): void {
    this.#peer = peer
    this.subscriptions.attached()
    this.#backlog?.open()
    this.#sender.attach(peer.receiveMax)
    this.receiver.attach()
    this.pump()
  }

  /** The client has read enough of what made it not writable: sends on. */
  resume(): void {
    this.#endSlow()
    this.pump()
  }

  /** The connection is gone. What a shared group can give to somebody else goes back to it. */
  detach(): void {
    this.#peer = undefined
    this.#endSlow()
    this.#sender.detach()
    this.subscriptions.detached()
    this.#backlog?.release()
    this.#giveBack((name) => this.subscriptions.group(name))
  }

  mayRead(topic: Topic): boolean {
    return this.#world.access.mayRead(this.principal, topic)
  }

  deliver(message: Message, match: Match): void {
    if (!this.mayRead(message.topic)) return
    const retain = message.retain && match.retainAsPublished // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
    const qos = lower(message.qos, match.qos) // [MQTT-3.8.4-8]
    if (qos === 0) {
      if (this.#peer !== undefined) this.sendAtMostOnce(message, retain, match.ids)
      return
    }
    const delivery = createDelivery(message, qos, retain, match.ids, undefined)
    if (this.canTake) this.take(delivery)
    else this.#wait(delivery)
  }

  sendAtMostOnce(message: Message, retain: boolean, ids: readonly number[]): void {
    if (this.#peer?.isWritable !== true) this.#dropSlow(message)
    else this.#sent(message, this.#peer.publish(message, 0, retain, ids, 0, false))
  }

  take(delivery: Delivery): void {
    if (this.#peer === undefined) return
    keep(delivery.message) // It may have to be sent again.
    this.#sender.begin(delivery)
    if (this.isDurable) this.#recordSent(delivery)
    const { message, qos, retain, ids, packetId } = delivery
    if (this.#peer.publish(message, qos, retain, ids, packetId, false)) this.#sent(message, true)
    else {
      this.#sent(message, false)
      this.#settle(delivery) // [MQTT-3.1.2-25]
    }
  }

  /** PUBACK came. False: nothing that is in flight can be acknowledged so. */
  puback(packetId: number): boolean {
    const delivery = this.#sender.find(packetId)
    return this.#acknowledge(delivery, this.#sender.puback(packetId))
  }

  /** PUBREC came. False as for `puback`; an unknown id is told apart by `isInFlight`. */
  pubrec(packetId: number, reason: Reason): boolean {
    const delivery = this.#sender.find(packetId)
    return this.#acknowledge(delivery, this.#sender.pubrec(packetId, reason >= FAILURE))
  }

  pubcomp(packetId: number): boolean {
    const delivery = this.#sender.find(packetId)
    return this.#acknowledge(delivery, this.#sender.pubcomp(packetId))
  }

  isInFlight(packetId: number): boolean {
    return this.#sender.find(packetId) !== undefined
  }

  /** A QoS 2 message came and is owned: its id is remembered until PUBREL [MQTT-4.3.3-8]. */
  receive(packetId: number): void {
    this.receiver.add(packetId)
    if (!this.isDurable) return
    this.#world.turn.append({ kind: 'received', clientId: this.clientId, packetId })
  }

  /** PUBREL came. False where the id was not in use. */
  release(packetId: number): boolean {
    if (!this.receiver.release(packetId)) return false
    if (this.isDurable) {
      this.#world.turn.append({ kind: 'forgotten', clientId: this.clientId, packetId })
    }
    return true
  }

  /** Owes the client the retained messages of a subscription; one replay a filter. */
  replay(filter: string, replay: Replay): void {
    this.#replays ??= new Replays(this.#world, this)
    this.#replays.set(filter, replay)
    if (this.#isPumpDue) return
    this.#isPumpDue = true
    this.#world.turn.atEnd(() => {
      this.#isPumpDue = false
      this.pump()
    })
  }

  /** The subscription is gone: nothing more is owed for it. */
  cancelReplay(filter: string): void {
    this.#replays?.cancel(filter)
  }

  /**
   * Sends all that may be sent now: what is unfinished, what waits, what groups hold, what is
   * retained.
   */
  pump(): void {
    this.#world.turn.open()
    this.#resend()
    while (this.isReady && this.#sender.isOpen) {
      const delivery = this.#backlog?.shift()
      if (delivery === undefined) break
      // The rules may have changed while it waited.
      if (this.mayRead(delivery.message.topic)) this.take(delivery)
      else this.#backlog?.gone(delivery)
    }
    if (this.canTake) this.subscriptions.pumpGroups()
    this.#replays?.pump()
    if (this.#replays?.isEmpty === true) this.#replays = undefined
  }

  /** It ends: everything that others must know of is undone. */
  end(): void {
    this.#peer = undefined
    this.#sender.detach()
    this.#replays?.clear()
    this.#backlog?.clear()
    // A QoS 2 delivery that was begun ends with it, in its group as well [MQTT-4.8.2-5].
    for (const delivery of [...this.#sender.deliveries()]) {
      if (delivery.qos === 2 && delivery.queue !== undefined) this.#settle(delivery)
    }
    this.subscriptions.clear()
    // It may have had messages of groups that it left before [U5-35].
    this.#giveBack((name) => this.subscriptions.living(name))
  }

  /** Takes expired messages out of the counts; returns the queue where more is to be looked at. */
  sweep(): Backlog | undefined {
    this.#backlog?.sweep()
    return this.#backlog?.isSweepDue === true ? this.#backlog : undefined
  }

  /** What was in flight from a group that ends goes on as its own. */
  own(delivery: Delivery): void {
    delivery.queue = undefined
    delivery.isOwn = true
    if (!this.isDurable) return
    this.#recordSent(delivery)
    if (delivery.isReleased) this.#recordReleased(delivery.packetId)
  }

  /** Nothing beyond what was taken last is in flight. */
  isOut(): boolean {
    return false
  }

  /** What an earlier run left in flight, in the order of first sending. */
  restoreFlight(delivery: Delivery): void {
    this.#sender.restore(delivery)
  }

  /** What an earlier run left in its queue, beyond the offset `after`. */
  restoreQueue(stored: StoredQueue, after: number): void {
    this.#backlog = this.#createBacklog()
    this.#backlog.restore(stored, after)
  }

  #wait(delivery: Delivery): void {
    if (this.#backlog === undefined) {
      this.#backlog = this.#createBacklog()
      if (this.isConnected) this.#backlog.open()
      if (this.isDurable) this.#backlog.makeDurable()
    }
    this.#backlog.push(delivery)
  }

  #createBacklog(): Backlog {
    return new Backlog(this.#world, {
      name: this.clientId,
      queue: sessionQueue(this.clientId),
      group: undefined,
      owner: this,
    })
  }

  #giveBack(groupOf: (name: string | undefined) => SharedGroup | undefined): void {
    const returning = new Map<SharedGroup, Delivery[]>()
    for (const delivery of this.#sender.deliveries()) {
      const group = groupOf(delivery.group)
      // [MQTT-4.8.2-4]: a QoS 2 delivery that was begun waits for this client.
      if (group === undefined || delivery.qos === 2) continue
      const deliveries = returning.get(group)
      if (deliveries === undefined) returning.set(group, [delivery])
      else deliveries.push(delivery)
    }
    for (const [group, deliveries] of returning) {
      for (const delivery of deliveries) this.#sender.settle(delivery)
      group.takeBack(deliveries)
      if (this.isDurable) for (const delivery of deliveries) this.#recordGivenBack(delivery)
      group.pump()
    }
  }

  #resend(): void {
    while (this.#peer?.isWritable === true) {
      const delivery = this.#sender.nextUnsent()
      if (delivery === undefined) return
      const { message, qos, retain, ids, packetId, isReleased } = delivery
      if (isReleased) this.#peer.pubrel(packetId)
      else if (this.#peer.publish(message, qos, retain, ids, packetId, true))
        this.#sent(message, true)
      else {
        this.#sent(message, false)
        this.#settle(delivery)
      }
    }
  }

  #acknowledge(delivery: Delivery | undefined, acknowledged: Acknowledged): boolean {
    if (acknowledged === Acknowledged.wrong) return false
    if (delivery === undefined) return true
    if (acknowledged === Acknowledged.settled) {
      this.#settled(delivery)
      this.pump()
    } else {
      if (this.isDurable) this.#recordReleased(delivery.packetId)
      this.#peer?.pubrel(delivery.packetId)
    }
    return true
  }

  #settle(delivery: Delivery): void {
    this.#sender.settle(delivery)
    this.#settled(delivery)
  }

  /** It is over, and stands in no queue any more. */
  #settled({ packetId, message, queue, isOwn, group }: Delivery): void {
    const { offset } = message
    const { turn } = this.#world
    if (queue !== undefined) this.subscriptions.living(group)?.settled(offset)
    if (this.isDurable) {
      turn.append({ kind: 'settled', clientId: this.clientId, packetId, offset, queue, isOwn })
    } else if (queue !== undefined) turn.append({ kind: 'unqueued', queue, offset, isOwn })
  }

  /** It waits in its group's queue, where it stood or stands now. */
  #recordGivenBack({ packetId, message, queue }: Delivery): void {
    const { clientId } = this
    const { offset } = message
    if (queue !== undefined) this.#world.turn.append({ kind: 'returned', clientId, packetId })
    else {
      this.#world.turn.append({ kind: 'settled', clientId, packetId, offset, queue, isOwn: true })
    }
  }

  #recordSent({ message, qos, retain, ids, packetId, queue, isOwn, group }: Delivery): void {
    const { clientId } = this
    const how = { qos, retain, ids, queue, isOwn, group }
    this.#world.turn.append({ kind: 'sent', clientId, packetId, message: keep(message), ...how })
  }

  #recordReleased(packetId: number): void {
    this.#world.turn.append({ kind: 'released', clientId: this.clientId, packetId })
  }

  #dropSlow({ topic }: Message): void {
    this.#world.counters.droppedSlow += 1
    this.#world.observer.dropped(this.clientId, topic, 'slow')
    this.#droppedSlow += 1
    if (this.#droppedSlow > 1) return
    this.#world.log.warn('client reads too slowly, dropping QoS 0', { client: this.clientId })
  }

  #endSlow(): void {
    if (this.#droppedSlow === 0) return
    const fields = { client: this.clientId, dropped: this.#droppedSlow }
    this.#world.log.warn('end of dropping QoS 0', fields)
    this.#droppedSlow = 0
  }

  #sent(message: Message, wasSent: boolean): void {
    const { counters, observer } = this.#world
    if (wasSent) {
      counters.publishesSent += 1
      counters.publishBytesSent += message.payload.length
    } else {
      counters.droppedTooLarge += 1
      observer.dropped(this.clientId, message.topic, 'tooLarge')
    }
  }
}
