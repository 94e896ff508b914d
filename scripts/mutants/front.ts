// Mutants of the MQTT front: what is admitted, what each packet does, what goes out, and what a
// version lets the server say.

import type { Mutant } from './mutant.ts'

const ADMIT = 'src/fronts/mqtt/admit.ts'
const ON_CONNECT = 'src/fronts/mqtt/on-connect.ts'
const ON_PUBLISH = 'src/fronts/mqtt/on-publish.ts'
const ON_SUBSCRIBE = 'src/fronts/mqtt/on-subscribe.ts'
const ON_UNSUBSCRIBE = 'src/fronts/mqtt/on-unsubscribe.ts'
const ON_ACK = 'src/fronts/mqtt/on-ack.ts'
const ON_DISCONNECT = 'src/fronts/mqtt/on-disconnect.ts'
const PEER = 'src/fronts/mqtt/peer.ts'
const DIALECT = 'src/fronts/mqtt/dialect.ts'
const CONNACK = 'src/fronts/mqtt/connack.ts'
const ALIASES = 'src/fronts/mqtt/topic-aliases.ts'

const FRONT = ['src/fronts/mqtt/front.test.ts', 'src/fronts/mqtt/settings.test.ts']
const PUBLISHING = ['src/fronts/mqtt/on-publish.test.ts', ...FRONT]
const DIALECTS = ['src/fronts/mqtt/dialect.test.ts', 'src/fronts/mqtt/front.test.ts']
const ALIASING = ['src/fronts/mqtt/topic-aliases.test.ts', 'src/fronts/mqtt/front.test.ts']

export const FRONT_MUTANTS: readonly Mutant[] = [
  {
    name: 'admits one message more than Receive Maximum',
    file: ADMIT,
    find: 'if (unacknowledged < client.front.parts.settings.receiveMax) return',
    replace: 'if (unacknowledged <= client.front.parts.settings.receiveMax) return',
    tests: FRONT,
    cases: 'MQTT-3.3.4-7',
  },
  {
    name: 'admits a QoS above Maximum QoS',
    file: ADMIT,
    find: 'if (qos > settings.qosMax) {',
    replace: 'if (qos > settings.qosMax + 1) {',
    tests: FRONT,
    cases: 'Maximum QoS',
  },
  {
    name: 'admits RETAIN where there is none',
    file: ADMIT,
    find: 'if (retain && !settings.retainAvailable) {',
    replace: 'if (retain && qos > 0 && !settings.retainAvailable) {',
    tests: FRONT,
    cases: 'without retained messages',
  },
  {
    name: 'admits a payload that is not the text it says',
    file: ADMIT,
    find: 'if (properties.payloadFormat === 1 && !isUtf8(packet.payload)) {',
    replace: 'if (properties.payloadFormat === 0 && !isUtf8(packet.payload)) {',
    tests: PUBLISHING,
  },
  {
    name: 'admits a packet id that a QoS 2 message has',
    file: ADMIT,
    find: 'if (qos === 1 && session.receiver.has(packetId)) {',
    replace: 'if (qos === 1 && retain && session.receiver.has(packetId)) {',
    tests: PUBLISHING,
    cases: 'MQTT-2.2.1-3',
  },
  {
    name: 'never remembers the id of a QoS 2 message',
    file: ON_PUBLISH,
    find: 'if (told < FAILURE) session.receive(packetId)',
    replace: 'if (told >= FAILURE) session.receive(packetId)',
    tests: PUBLISHING,
    cases: 'MQTT-4.3.3',
  },
  {
    name: 'tells 3.1.1 what it cannot be told',
    file: ON_PUBLISH,
    find: 'const told = reason < FAILURE || dialect.canRefusePublish ? reason : Reason.success',
    replace: 'const told = reason < FAILURE || dialect.canRefusePublish ? reason : Reason.banned',
    tests: PUBLISHING,
    cases: 'before 5.0 a publish to \\$',
  },
  {
    name: 'cuts a 5.0 client off that could be told',
    file: ON_PUBLISH,
    find: 'if (isForNow(reason) && !dialect.canRefusePublish) return client.close(reason)',
    replace: 'if (isForNow(reason)) return client.close(reason)',
    tests: PUBLISHING,
  },
  {
    name: 'grants more than Maximum QoS',
    file: ON_SUBSCRIBE,
    find: 'const qos: Qos = asked.qos < settings.qosMax ? asked.qos : settings.qosMax',
    replace: 'const qos: Qos = asked.qos',
    tests: FRONT,
    cases: 'with Maximum QoS 1 subscriptions',
  },
  {
    name: 'subscribes filters of too many levels',
    file: ON_SUBSCRIBE,
    find: '} else if (levels(filter.filter) > limits.topicLevelsMax) {',
    replace: '} else if (levels(filter.filter) > limits.topicLevelsMax + 1) {',
    tests: FRONT,
    cases: 'too many levels',
  },
  {
    name: 'refuses a subscription aloud in 3.1',
    file: ON_SUBSCRIBE,
    find: 'return reason >= FAILURE && !dialect.canRefuseSubscription ? Reason.success : reason',
    replace: 'return reason',
    tests: FRONT,
    cases: 'Q31-4',
  },
  {
    name: 'unsubscribes under an id that is in use',
    file: ON_UNSUBSCRIBE,
    find: 'if (isIdInUse) return Reason.packetIdentifierInUse',
    replace: 'if (isIdInUse && filters.length === 0) return Reason.packetIdentifierInUse',
    tests: FRONT,
    cases: 'U5-25',
  },
  {
    name: 'does not answer PUBREC for an id that is not known',
    file: ON_ACK,
    find: '} else if (reason < FAILURE) {',
    replace: '} else if (reason >= FAILURE) {',
    tests: FRONT,
    cases: 'MQTT-3.6.2-1',
  },
  {
    name: 'says success for a PUBREL that is not known',
    file: ON_ACK,
    find: 'session.release(packetId) ? Reason.success : Reason.packetIdentifierNotFound',
    replace: 'session.release(packetId) ? Reason.success : Reason.success',
    tests: FRONT,
    cases: 'MQTT-3.7.2-1',
  },
  {
    name: 'drops the will at DISCONNECT 0x04',
    file: ON_DISCONNECT,
    find: 'const dropsWill = dialect.disconnectDropsWill || packet.reason === Reason.success',
    replace: 'const dropsWill = dialect.disconnectDropsWill || packet.reason <= 0x04',
    tests: FRONT,
    cases: 'MQTT-3.14.4-3',
  },
  {
    name: 'lets DISCONNECT give a session that had none an expiry',
    file: ON_DISCONNECT,
    find: 'if (expiryS === 0 && sessionExpiry !== 0) {',
    replace: 'if (expiryS === 0 && sessionExpiry === 0) {',
    tests: FRONT,
    cases: 'U5-29',
  },
  {
    name: 'assigns no bound to Session Expiry',
    file: ON_CONNECT,
    find: 'const expiryS = Math.min(asked, settings.sessionExpiryMax)',
    replace: 'const expiryS = asked',
    tests: FRONT,
    cases: 'a capped Session Expiry',
  },
  {
    name: 'takes a client id of 24 characters in 3.1',
    file: DIALECT,
    find: '  clientIdLengthMax: 23,',
    replace: '  clientIdLengthMax: 24,',
    tests: DIALECTS,
    cases: 'Q31-2',
  },
  {
    name: 'assigns a client id to a session of 3.1.1 that is to last',
    file: DIALECT,
    find: 'mayAssignClientId: (connect: Connect) => connect.cleanStart,',
    replace: 'mayAssignClientId: () => true,',
    tests: DIALECTS,
    cases: 'MQTT311-3.1.3|MQTT-3.1.3',
  },
  {
    name: 'ends a session that was to last for ever',
    file: DIALECT,
    find: 'const FOREVER_S = 0xffff_ffff',
    replace: 'const FOREVER_S = 0xffff_fffe',
    tests: DIALECTS,
    cases: 'MQTT-3.1.2-23',
  },
  {
    name: 'keeps no session of 3.1.1',
    file: DIALECT,
    find: 'return connect.cleanStart ? 0 : Number.POSITIVE_INFINITY',
    replace: 'return connect.cleanStart ? 0 : 0',
    tests: DIALECTS,
    cases: 'MQTT-4.1.0-1',
  },
  {
    name: 'announces Response Information unasked',
    file: CONNACK,
    find: "const tells = agreement.wantsResponseInformation && responseInformation !== ''",
    replace: "const tells = responseInformation !== ''",
    tests: FRONT,
    cases: 'MQTT-3.1.2-28',
  },
  {
    name: 'does not announce Server Keep Alive',
    file: CONNACK,
    find: 'serverKeepAlive: keepAliveS === askedKeepAliveS ? undefined : keepAliveS,',
    replace: 'serverKeepAlive: keepAliveS >= askedKeepAliveS ? undefined : keepAliveS,',
    tests: FRONT,
    cases: 'Server Keep Alive',
  },
  {
    name: 'sends one byte more than the client takes',
    file: PEER,
    find: '> this.#packetBytesMax ? undefined : head',
    replace: '> this.#packetBytesMax + 1 ? undefined : head',
    tests: FRONT,
    cases: 'Maximum Packet Size counts to the byte',
  },
  {
    name: 'leans on an alias that a held PUBLISH tells',
    file: PEER,
    find: 'const mayAlias = !this.#outbox.isHolding && this.#turn.isDurable(ticket)',
    replace: 'const mayAlias = ticket >= 0',
    tests: FRONT,
  },
  {
    name: 'patches the packet id in the wrong order',
    file: PEER,
    find: 'head.bytes[head.packetIdAt + 1] = packetId & 0xff',
    replace: 'head.bytes[head.packetIdAt + 1] = packetId >> 8',
    tests: FRONT,
    cases: 'MQTT-2.2.1-5|MQTT-3.3.4-1',
  },
  {
    name: 'takes an alias above the maximum',
    file: ALIASES,
    find: 'if (alias === 0 || alias > this.#max) {',
    replace: 'if (alias === 0 || alias > this.#max + 1) {',
    tests: ALIASING,
  },
  {
    name: 'gives out one alias more than the client takes',
    file: ALIASES,
    find: 'return this.#aliases.size < this.#max ? this.#aliases.size + 1 : 0',
    replace: 'return this.#aliases.size <= this.#max ? this.#aliases.size + 1 : 0',
    tests: ALIASING,
  },
]
