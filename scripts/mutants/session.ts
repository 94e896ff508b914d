// Mutants of the sessions: what is in flight, what waits, shared groups, wills, and the turns that
// all of it is committed in.

import type { Mutant } from './mutant.ts'

const SENDER = 'src/session/sender.ts'
const RECEIVER = 'src/session/receiver.ts'
const QUEUE = 'src/session/queue.ts'
const BACKLOG = 'src/session/backlog.ts'
const REPLAY = 'src/session/replay.ts'
const WILL = 'src/session/will.ts'
const SUBSCRIPTIONS = 'src/session/subscriptions.ts'
const SESSION = 'src/session/session.ts'
const SESSIONS = 'src/session/sessions.ts'
const GROUP = 'src/session/shared-group.ts'
const TURN = 'src/base/turn.ts'
const TAIL = 'src/session/stored-tail.ts'
const RECOVERY = 'src/session/recovery.ts'
const OUTBOX = 'src/base/outbox.ts'

const SENDING = ['src/session/sender.test.ts', 'src/session/session.test.ts']
const QUEUES = ['src/session/queue.test.ts']
const BACKLOGS = ['src/session/backlog.test.ts']
const STORED = ['src/session/stored-tail.test.ts']
const RECOVERED = ['src/session/recovery.test.ts']
const REPLAYS = ['src/session/replay.test.ts']
const WILLS = ['src/session/will.test.ts']
const ONE = ['src/session/session.test.ts']
const ALL = ['src/session/sessions.test.ts']
const GROUPS = ['src/session/shared-group.test.ts']
const TURNS = ['src/base/turn.test.ts']
const OUTBOXES = ['src/base/outbox.test.ts']

export const SESSION_MUTANTS: readonly Mutant[] = [
  {
    name: 'sends one more than the window holds',
    file: SENDER,
    find: '      this.#quota > 0 &&',
    replace: '      this.#quota >= 0 &&',
    tests: SENDING,
  },
  {
    name: 'sends something new before what is to be sent again',
    file: SENDER,
    find: '      this.#unsent.length === 0 &&\n',
    replace: '      this.#unsent.length >= 0 &&\n',
    tests: SENDING,
  },
  {
    name: 'has no bound of bytes in flight',
    file: SENDER,
    find: '(this.#bytes < this.#bytesMax || this.size === 0)',
    replace: '(this.#bytes < Infinity || this.#inflight.size === 0)',
    tests: SENDING,
  },
  {
    name: 'gives out packet id 0',
    file: SENDER,
    find: 'this.#lastId = (this.#lastId % PACKET_ID_MAX) + 1',
    replace: 'this.#lastId = (this.#lastId + 1) % PACKET_ID_MAX',
    tests: SENDING,
  },
  {
    name: 'gives out a packet id that is in use',
    file: SENDER,
    find: '} while (this.#inflight.has(this.#lastId))',
    replace: '} while (this.#lastId === 0)',
    tests: SENDING,
  },
  {
    name: 'takes PUBACK for QoS 2',
    file: SENDER,
    find: 'if (delivery.qos !== 1) return Acknowledged.wrong',
    replace: 'if (delivery.qos === 1 && delivery.isReleased) return Acknowledged.wrong',
    tests: SENDING,
  },
  {
    name: 'takes PUBCOMP before PUBREC',
    file: SENDER,
    find: 'if (!delivery.isReleased) return Acknowledged.wrong',
    replace: 'if (delivery.qos !== 2) return Acknowledged.wrong',
    tests: SENDING,
  },
  {
    name: 'goes on with what PUBREC refused',
    file: SENDER,
    find: 'if (isFailure && !delivery.isReleased) {',
    replace: 'if (isFailure && delivery.isReleased) {',
    tests: SENDING,
  },
  {
    name: 'counts a PUBREL that is sent again',
    file: SENDER,
    find: '    if (!delivery.isReleased) {\n      if (this.#quota',
    replace: '    if (delivery.qos > 0) {\n      if (this.#quota',
    tests: SENDING,
  },
  {
    name: 'widens the window by what was settled without a connection',
    file: SENDER,
    find: 'if (delivery.isCounted) this.#quota += 1',
    replace: 'this.#quota += 1',
    tests: SENDING,
  },
  {
    name: 'sends again what was settled meanwhile',
    file: SENDER,
    find: 'if (index !== -1) this.#unsent.splice(index, 1)',
    replace: 'if (index > 0) this.#unsent.splice(index, 1)',
    tests: SENDING,
  },
  {
    name: 'counts a repeated QoS 2 message twice',
    file: RECEIVER,
    find: 'if (!this.isCounted(packetId)) this.#unreleased += 1',
    replace: 'this.#unreleased += 1',
    tests: ['src/session/receiver.test.ts'],
  },
  {
    name: 'counts against Receive Maximum what an earlier connection sent',
    file: RECEIVER,
    find: '    this.#unreleased = 0\n  }',
    replace: '    this.#unreleased -= 0\n  }',
    tests: ['src/session/receiver.test.ts'],
  },
  {
    name: 'refuses a message that fills the queue to its last byte',
    file: QUEUE,
    find: 'this.#bytes + elsewhere.bytes + bytes <= this.#bytesMax',
    replace: 'this.#bytes + elsewhere.bytes + bytes < this.#bytesMax',
    tests: QUEUES,
  },
  {
    name: 'puts back at the front whatever the age',
    file: QUEUE,
    find: 'this.#entries.sort((one, other) => one.message.offset - other.message.offset)',
    replace: 'void this.#entries',
    tests: QUEUES,
  },
  {
    name: 'sweeps a message in the moment that it expires',
    file: QUEUE,
    find: 'const expired = waiting.filter(({ message }) => message.expiresAtMs < wallMs)',
    replace: 'const expired = waiting.filter(({ message }) => message.expiresAtMs <= wallMs)',
    tests: QUEUES,
  },
  {
    name: 'goes on counting the bytes of what left the queue',
    file: QUEUE,
    find: '    this.#bytes -= bytesOf(delivery.message)\n',
    replace: '    this.#bytes -= 0\n',
    tests: QUEUES,
  },
  {
    name: 'drops a message before it looks for expired ones',
    file: BACKLOG,
    find: 'if (!this.#queue.hasRoom(bytes, this.#tail)) this.sweep()',
    replace: 'if (this.#queue.hasRoom(bytes, this.#tail)) this.sweep()',
    tests: BACKLOGS,
  },
  {
    name: 'logs every message that it drops',
    file: BACKLOG,
    find: 'if (this.#dropped > 1) return',
    replace: 'if (this.#dropped > 2) return',
    tests: BACKLOGS,
  },
  {
    name: 'does not store what waited before it was durable',
    file: BACKLOG,
    find: 'for (const delivery of waiting) this.#store(delivery, true)',
    replace: 'void waiting',
    tests: BACKLOGS,
  },
  {
    name: 'replays what came after the subscription',
    file: REPLAY,
    find: 'if (message.offset <= this.#newest) this.#next = message',
    replace: 'if (message.offset <= this.#newest + 1) this.#next = message',
    tests: REPLAYS,
  },
  {
    name: 'lets the expiry of a will begin too late',
    file: WILL,
    find: 'NEVER : wallMs + will.expiryS * 1000',
    replace: 'NEVER : wallMs + (will.delayS + will.expiryS) * 1000',
    tests: WILLS,
  },
  {
    name: 'forgets Will Retain',
    file: WILL,
    find: 'retain: will.retain, //',
    replace: 'retain: will.retain && will.qos > 0, //',
    tests: WILLS,
  },
  {
    name: 'sends retained messages at Retain Handling 2',
    file: SUBSCRIPTIONS,
    find: 'if (retainHandling === RetainHandling.doNotSend) return',
    replace: 'if (retainHandling === RetainHandling.doNotSend && !isNew) return',
    tests: REPLAYS,
  },
  {
    name: 'takes every subscription for a new one',
    file: SUBSCRIPTIONS,
    find: 'options), !existed)',
    replace: 'options), true)',
    tests: REPLAYS,
  },
  {
    name: 'allows one subscription more than the bound',
    file: SUBSCRIPTIONS,
    find: 'if (!existed && this.size >= this.#world.limits.subscriptionsPerSessionMax) {',
    replace: 'if (!existed && this.size > this.#world.limits.subscriptionsPerSessionMax) {',
    tests: [...ONE, ...REPLAYS],
    cases: 'more subscriptions than a session may have',
  },
  {
    name: 'replays for a subscription that is gone',
    file: SUBSCRIPTIONS,
    find: '      this.#session.cancelReplay(filter)\n',
    replace: '      void filter\n',
    tests: REPLAYS,
  },
  {
    name: 'keeps RETAIN without Retain As Published',
    file: SESSION,
    find: 'const retain = message.retain && match.retainAsPublished',
    replace: 'const retain = message.retain',
    tests: ONE,
    cases: 'MQTT-3.3.1-1[23]',
  },
  {
    name: 'delivers at the QoS of the subscription',
    file: SESSION,
    find: 'const qos = lower(message.qos, match.qos)',
    replace: 'const qos = match.qos',
    tests: ONE,
  },
  {
    name: 'delivers what may not be read',
    file: SESSION,
    find: '    if (!this.mayRead(message.topic)) return\n',
    replace: "    if (!this.mayRead(message.topic) && message.topic === '') return\n",
    tests: [...ONE, ...ALL],
  },
  {
    name: 'lets a window leak a place for what is too large',
    file: SESSION,
    find: '      this.#settle(delivery) // [MQTT-3.1.2-25]',
    replace: '      void delivery // [MQTT-3.1.2-25]',
    tests: ONE,
  },
  {
    name: 'never fills the window after an acknowledgement',
    file: SESSION,
    find: '      this.#settled(delivery)\n      this.pump()\n',
    replace: '      this.#settled(delivery)\n      void this.pump\n',
    tests: ONE,
  },
  {
    name: 'takes over the session of somebody else',
    file: SESSIONS,
    find: 'if (existing !== undefined && existing.principal.user !== principal.user) {',
    replace: 'if (existing !== undefined && existing.principal.clientId !== clientId) {',
    tests: ALL,
  },
  {
    name: 'opens one session more than the bound',
    file: SESSIONS,
    find: 'this.#sessions.size >= this.#world.limits.sessionsMax) {',
    replace: 'this.#sessions.size > this.#world.limits.sessionsMax) {',
    tests: ALL,
  },
  {
    name: 'says that a session which was ended is present',
    file: SESSIONS,
    find: 'isPresent: present !== undefined }',
    replace: 'isPresent: existing !== undefined }',
    tests: ALL,
  },
  {
    name: 'lets an old connection close the session of the new one',
    file: SESSIONS,
    find: 'if (session.peer !== peer || this.#sessions.get(session.clientId) !== session) return',
    replace: 'if (this.#sessions.get(session.clientId) !== session) return',
    tests: ALL,
  },
  {
    name: 'ends a session although its client came back',
    file: SESSIONS,
    find: '    absence?.expiry.cancel()\n    absence?.will?.cancel()\n    // One that',
    replace: '    void absence\n    absence?.will?.cancel()\n    // One that',
    tests: ALL,
  },
  {
    name: 'leaves its will to a session that ended',
    equivalent:
      'the session is in no table any more, and whoever still has it asks that table first',
    file: SESSIONS,
    find: '    session.will = undefined // The record',
    replace: '    void session.will // The record',
    tests: [...WILLS, ...ALL],
  },
  {
    name: 'forgets the will of a session that ends',
    file: SESSIONS,
    find: 'if (will !== undefined) this.#publish(will)',
    replace: 'if (will === undefined) this.#publish(will)',
    tests: WILLS,
  },
  {
    name: 'never publishes a will that waits for its delay',
    file: SESSIONS,
    find: 'this.#world.deadlines.after(willMs, () => this.#publishWill(session)),',
    replace: 'this.#world.deadlines.after(willMs, () => void session),',
    tests: WILLS,
  },
  {
    name: 'gives a group to the same member each time',
    file: GROUP,
    find: 'this.#next = (index + 1) % count',
    replace: 'this.#next = index % count',
    tests: GROUPS,
  },
  {
    name: 'skips a member when another one leaves',
    file: GROUP,
    find: 'if (index < this.#next) this.#next -= 1',
    replace: 'if (index > this.#next) this.#next -= 1',
    tests: GROUPS,
  },
  {
    name: 'lets a new message pass what waits in the group',
    file: GROUP,
    find: 'const able = this.#backlog.length === 0 ? this.#choose(message, canTake) : undefined',
    replace: 'const able = this.#choose(message, canTake)',
    tests: GROUPS,
  },
  {
    name: 'hands out above the granted QoS',
    file: GROUP,
    find: 'const granted = lower(qos, to.options.qos)',
    replace: 'const granted = Math.max(qos, to.options.qos) as 1 | 2',
    tests: GROUPS,
  },
  {
    name: 'keeps what a group took back without passing it on',
    file: SESSION,
    find: '      group.pump()\n',
    replace: '      void group.pump\n',
    tests: GROUPS,
  },
  {
    name: 'keeps a group without members',
    file: GROUP,
    find: 'if (group.size === 0) this.#groups.delete(group.name)',
    replace: 'if (group.size < 0) this.#groups.delete(group.name)',
    tests: GROUPS,
  },
  {
    name: 'keeps messages that no member may read',
    file: GROUP,
    find: 'if (able === undefined && this.#isWanted(next.message)) return',
    replace: 'if (able === undefined) return',
    tests: GROUPS,
  },
  {
    name: 'commits for nobody',
    file: TURN,
    find: '    if (!this.#hasAppended) return 0\n',
    replace: '    if (this.#next === 0) return 0\n',
    tests: TURNS,
  },
  {
    name: 'begins a commit while another one is under way',
    file: TURN,
    find: 'if (this.#isWanted && !this.#isCommitting) this.#commit()',
    replace: 'if (this.#isWanted) this.#commit()',
    tests: TURNS,
  },
  {
    name: 'waits ever longer although commits succeed again',
    file: TURN,
    find: '    this.#isCommitting = false\n    this.#retryMs = COMMIT_RETRY_MS\n',
    replace: '    this.#isCommitting = false\n    void COMMIT_RETRY_MS\n',
    tests: TURNS,
  },
  {
    name: 'tells those of the next commit too early',
    file: TURN,
    find: 'if (ticket === this.#next) this.#waitersNext.push(waiter)',
    replace: 'if (ticket > this.#next) this.#waitersNext.push(waiter)',
    tests: TURNS,
  },
  {
    name: 'lets bytes leave before their commit',
    file: OUTBOX,
    find: 'if (held.ticket > ticket) break',
    replace: 'if (held.ticket > ticket + 1) break',
    tests: OUTBOXES,
  },
  {
    name: 'lets bytes in order pass those that are held',
    file: OUTBOX,
    find: 'if (last === undefined && this.#turn.isDurable(ticket)) {',
    replace: 'if (this.#turn.isDurable(ticket)) {',
    tests: OUTBOXES,
  },
  {
    name: 'ends the wire with bytes still held',
    file: OUTBOX,
    find: '} else if (this.#isEnding && this.#held.length === 0) {',
    replace: '} else if (this.#isEnding) {',
    tests: OUTBOXES,
  },
  {
    name: 'says that it is writable as soon as a byte left',
    file: OUTBOX,
    find: 'if (!this.#wasFull || this.bytes * 2 > this.#bytesMax) return',
    replace: 'if (!this.#wasFull) return',
    tests: OUTBOXES,
  },
  {
    name: 'reads a page before half of the last one is sent',
    file: BACKLOG,
    find: 'if (length * 2 > queueWindowMax',
    replace: 'if (length > queueWindowMax',
    tests: STORED,
  },
  {
    name: 'holds all that is new in memory though older messages are not',
    file: BACKLOG,
    find: 'return this.#isOpen && this.#tail.count === 0 && !this.#tail.isBusy',
    replace: 'return this.#isOpen && !this.#tail.isBusy',
    tests: STORED,
  },
  {
    name: 'gives up a page that could not be read',
    file: TAIL,
    find: '    if (reading.isStale) return\n    this.#retry = ',
    replace: '    if (!reading.isStale) return\n    this.#retry = ',
    tests: STORED,
  },
  {
    name: 'publishes wills at once after a restart',
    file: RECOVERY,
    find: 'Math.max(delayMs, WILL_GRACE_MS)',
    replace: 'delayMs',
    tests: RECOVERED,
  },
  {
    name: 'does not count the time that the server was down',
    file: RECOVERY,
    find: 'Math.max(0, endsAtMs - wallMs)',
    replace: 'Math.max(0, endsAtMs - closedAtMs)',
    tests: RECOVERED,
  },
  {
    name: 'publishes wills at once after a second restart',
    file: RECOVERY,
    find: 'closedAtMs + willMs',
    replace: 'closedAtMs + delayMs',
    tests: RECOVERED,
  },
  {
    name: 'reads a queue anew whose messages are all in flight',
    file: RECOVERY,
    find: 'if (count > 0 || after > 0)',
    replace: 'if (count > 0)',
    tests: RECOVERED,
  },
  {
    name: 'never commits what nobody waits for',
    file: TURN,
    find: 'else if (this.#hasAppended && mayCommit) this.#commitLater()',
    replace: 'else if (this.#next === 0) this.#commitLater()',
    tests: TURNS,
  },
]
