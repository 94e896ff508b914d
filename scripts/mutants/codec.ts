// Mutants of the codec: frames, fields, packets both ways, properties and reasons.

import type { Mutant } from './mutant.ts'

const FRAMER = 'src/codec/mqtt/framer.ts'
const READER = 'src/codec/mqtt/reader.ts'
const DECODE = 'src/codec/mqtt/decode.ts'
const CONNECT = 'src/codec/mqtt/decode-connect.ts'
const PUBLISH = 'src/codec/mqtt/decode-publish.ts'
const SUBSCRIBE = 'src/codec/mqtt/decode-subscribe.ts'
const BLOCK = 'src/codec/mqtt/decode-properties.ts'
const TABLE = 'src/codec/mqtt/properties.ts'
const REASONS = 'src/codec/mqtt/reasons.ts'
const UTF8 = 'src/codec/mqtt/utf8.ts'
const TOPIC_NAME = 'src/codec/mqtt/topic-name.ts'
const TOPIC_CACHE = 'src/codec/mqtt/topic-cache.ts'
const WRITER = 'src/codec/mqtt/writer.ts'
const ENCODE = 'src/codec/mqtt/encode.ts'
const ENCODE_PUBLISH = 'src/codec/mqtt/encode-publish.ts'
const ENCODE_BLOCK = 'src/codec/mqtt/encode-properties.ts'
const ENCODE_CONNECT = 'src/codec/mqtt/encode-connect.ts'

const FRAMES = ['src/codec/mqtt/framer.test.ts']
const PROPERTIES = 'src/codec/mqtt/properties.test.ts'
const DECODING = ['src/codec/mqtt/decode.test.ts', PROPERTIES, 'test/model/codec-vectors.test.ts']
const ENCODING = ['src/codec/mqtt/encode.test.ts', PROPERTIES, 'test/model/codec-vectors.test.ts']
const PUBLISHING = ['src/codec/mqtt/encode-publish.test.ts', ...ENCODING]
const CACHING = ['src/codec/mqtt/topic-cache.test.ts']
const WRITING = ['src/codec/mqtt/writer.test.ts', 'src/codec/mqtt/encode.test.ts']
const REASONING = ['src/codec/mqtt/reasons.test.ts', 'test/model/codec-vectors.test.ts']

export const CODEC_MUTANTS: readonly Mutant[] = [
  {
    name: 'reads five bytes of Remaining Length',
    file: FRAMER,
    find: 'if (shift > 21) throw malformed(',
    replace: 'if (shift > 28) throw malformed(',
    tests: FRAMES,
  },
  {
    name: 'takes a frame one byte above the bound',
    file: FRAMER,
    find: 'if (this.#partialBytes > this.packetBytesMax) {',
    replace: 'if (this.#partialBytes > this.packetBytesMax + 1) {',
    tests: FRAMES,
  },
  {
    name: 'delivers a frame that lacks its last byte',
    file: FRAMER,
    find: 'return this.#missingBytes <= 0',
    replace: 'return this.#missingBytes <= 1',
    tests: FRAMES,
  },
  {
    name: 'takes AUTH before 5.0',
    file: FRAMER,
    find: 'if (type === PacketType.auth && this.version !== 5 && this.version !== undefined) {',
    replace: 'if (type === PacketType.auth && this.version === 3) {',
    tests: FRAMES,
  },
  {
    name: 'reuses storage that payloads are views of',
    file: FRAMER,
    find: '    this.#held = NOTHING\n',
    replace: '    void NOTHING\n',
    tests: FRAMES,
  },
  {
    name: 'goes on after the sink stopped it',
    file: FRAMER,
    find: 'this.#state = State.stopped',
    replace: 'this.#state = State.open',
    tests: FRAMES,
  },
  {
    name: 'goes on after an error',
    file: FRAMER,
    find: 'this.#state = State.dead',
    replace: 'this.#state = State.open',
    tests: FRAMES,
  },
  {
    name: 'takes a longer Variable Byte Integer than need be',
    file: READER,
    find: 'if (byte === 0 && shift > 0) {',
    replace: 'if (byte === 0 && shift > 7) {',
    tests: DECODING,
  },
  {
    name: 'reads one byte past the end of a packet',
    file: READER,
    find: 'if (this.at > this.end) throw pastEnd()',
    replace: 'if (this.at > this.end + 1) throw pastEnd()',
    tests: DECODING,
  },
  {
    name: 'takes bytes after the last field',
    file: READER,
    find: 'if (this.at < this.end) {',
    replace: 'if (this.at + 1 < this.end) {',
    tests: DECODING,
  },
  {
    name: 'reads a four byte integer as signed',
    file: READER,
    find: 'return high * 0x1_0000 + this.u16()',
    replace: 'return (high << 16) | this.u16()',
    tests: DECODING,
  },
  {
    name: 'refuses DUP on PUBREL in 3.1',
    file: DECODE,
    find: 'if (isRequest && flags === 0b1010 && version === 3) return',
    replace: 'if (isRequest && flags === 0b1010 && version === 4) return',
    tests: DECODING,
  },
  {
    name: 'takes packet id 0 in an acknowledgement',
    file: DECODE,
    find: "if (packetId === 0) throw forbidden('the packet identifier is 0', 'U5-06')",
    replace: "if (packetId < 0) throw forbidden('the packet identifier is 0', 'U5-06')",
    tests: DECODING,
  },
  {
    name: 'takes Session Present with a refusal',
    file: DECODE,
    find: 'if (sessionPresent && reason !== Reason.success) {',
    replace: 'if (sessionPresent && reason === Reason.malformedPacket) {',
    tests: DECODING,
  },
  {
    name: 'takes AUTH without a method',
    file: DECODE,
    find: 'if (properties.authenticationMethod === undefined) {',
    replace:
      'if (properties.authenticationMethod === undefined && properties.reasonString === "") {',
    tests: DECODING,
    cases: 'AUTH without a method',
  },
  {
    name: 'takes the reserved connect flag',
    file: CONNECT,
    find: 'const RESERVED = 0x01',
    replace: 'const RESERVED = 0x00',
    tests: DECODING,
  },
  {
    name: 'takes a password without a user name in 3.1.1',
    file: CONNECT,
    find: 'if (version < 5 && (flags & PASSWORD) !== 0 && (flags & USER_NAME) === 0) {',
    replace: 'if (version < 4 && (flags & PASSWORD) !== 0 && (flags & USER_NAME) === 0) {',
    tests: DECODING,
  },
  {
    name: 'takes Will Retain without a Will',
    file: CONNECT,
    find: 'if ((flags & WILL_RETAIN) !== 0) throw malformed(',
    replace: 'if ((flags & WILL_RETAIN) !== 0 && willQos > 0) throw malformed(',
    tests: DECODING,
  },
  {
    name: 'forgets the version of a CONNECT that it refuses',
    file: CONNECT,
    find: 'throw new ProtocolError(error.message, error.reason, error.clause, version)',
    replace: 'throw new ProtocolError(error.message, error.reason, error.clause)',
    tests: DECODING,
    cases: 'MQTT-3.1.2-3',
  },
  {
    name: 'wants the fields of a user name flag in 3.1',
    file: CONNECT,
    find: 'return flag !== 0 && !(version === 3 && reader.isAtEnd)',
    replace: 'return flag !== 0 && !(version === 4 && reader.isAtEnd)',
    tests: DECODING,
  },
  {
    name: 'takes DUP at QoS 0',
    file: PUBLISH,
    find: 'if (dup && qos === 0 && version !== 3) throw malformed(',
    replace: 'if (dup && qos === 0 && version === 4) throw malformed(',
    tests: DECODING,
  },
  {
    name: 'gives the payload the bytes of a neighbour',
    file: PUBLISH,
    find: 'return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)',
    replace: 'return new Uint8Array(bytes.buffer, start, end - start)',
    tests: DECODING,
  },
  {
    name: 'takes an empty topic without an alias',
    file: PUBLISH,
    find: 'if (topicEnd > topicStart || properties.topicAlias === undefined) {',
    replace: 'if (topicEnd > topicStart) {',
    tests: DECODING,
  },
  {
    name: 'takes SUBSCRIBE without a filter',
    file: SUBSCRIBE,
    find: "if (filters.length === 0) throw forbidden('SUBSCRIBE without a filter',",
    replace: "if (filters.length < 0) throw forbidden('SUBSCRIBE without a filter',",
    tests: DECODING,
  },
  {
    name: 'takes one of the reserved subscription options',
    file: SUBSCRIBE,
    find: 'if ((byte & 0b1100_0000) !== 0) {',
    replace: 'if ((byte & 0b1000_0000) !== 0) {',
    tests: DECODING,
  },
  {
    name: 'takes No Local on a shared subscription',
    file: SUBSCRIBE,
    find: "if (noLocal && filter.startsWith('$share/')) {",
    replace: "if (noLocal && filter === '$share/') {",
    tests: DECODING,
  },
  {
    name: 'takes a property twice',
    file: BLOCK,
    find: 'if (properties[spec.name] !== undefined) throw repeated(spec)',
    replace: "if (properties[spec.name] === '') throw repeated(spec)",
    tests: DECODING,
  },
  {
    name: 'takes a property in any packet',
    file: BLOCK,
    find: 'if ((spec.packets & packet) === 0) {',
    replace: 'if (spec.packets === 0) {',
    tests: DECODING,
  },
  {
    name: 'takes two Subscription Identifiers in SUBSCRIBE',
    file: BLOCK,
    find: 'if (subscriptionIds.length > 0 && packet !== PUBLISH) throw repeated(spec)',
    replace: 'if (subscriptionIds.length > 1 && packet !== PUBLISH) throw repeated(spec)',
    tests: DECODING,
  },
  {
    name: 'lets a property reach beyond its block',
    file: BLOCK,
    find: '  reader.end = blockEnd\n',
    replace: '  if (length > packet) reader.end = blockEnd\n',
    tests: DECODING,
  },
  {
    name: 'takes a wildcard in the Response Topic',
    file: BLOCK,
    find: 'if (hasWildcard(responseTopic)) {',
    replace: "if (responseTopic === '#') {",
    tests: DECODING,
  },
  {
    name: 'has Will Delay in PUBLISH',
    file: TABLE,
    find: "name: 'willDelay', packets: WILL }",
    replace: "name: 'willDelay', packets: WILL | PUBLISH }",
    tests: DECODING,
  },
  {
    name: 'mistakes the identifier of Receive Maximum',
    file: TABLE,
    find: '{ id: 0x21,',
    replace: '{ id: 0x20,',
    tests: DECODING,
  },
  {
    name: 'knows no Packet Identifier not found in PUBCOMP',
    file: REASONS,
    find: "'Packet Identifier not found', [pubrel, pubcomp]",
    replace: "'Packet Identifier not found', [pubrel]",
    tests: REASONING,
  },
  {
    name: 'says a 5.0 reason in a SUBACK of 3.1.1',
    file: REASONS,
    find: 'return version < 5 && reason >= FAILURE ? Reason.unspecifiedError : reason',
    replace: 'return version < 4 && reason >= FAILURE ? Reason.unspecifiedError : reason',
    tests: REASONING,
  },
  {
    name: 'drops U+FEFF at the start of a string',
    file: UTF8,
    find: '{ fatal: true, ignoreBOM: true }',
    replace: '{ fatal: true, ignoreBOM: false }',
    tests: ['src/codec/mqtt/utf8.test.ts'],
  },
  {
    name: 'takes U+0000 after the first character',
    file: UTF8,
    find: "if (text.includes('\\0')) throw",
    replace: "if (text.startsWith('\\0')) throw",
    tests: ['src/codec/mqtt/utf8.test.ts'],
  },
  {
    name: 'takes a topic of 3.1 that is one character too long',
    file: TOPIC_NAME,
    find: 'const TOPIC_CHARACTERS_MAX_3_1 = 32_767',
    replace: 'const TOPIC_CHARACTERS_MAX_3_1 = 32_768',
    tests: DECODING,
  },
  {
    name: 'takes two names of one length for the same',
    file: TOPIC_CACHE,
    find: 'for (let at = length - 1; at >= 0; at--) {',
    replace: 'for (let at = length - 1; at > 0; at--) {',
    tests: CACHING,
  },
  {
    name: 'caches a view of the read buffer',
    file: TOPIC_CACHE,
    find: 'entry = { bytes: Uint8Array.from(bytes.subarray(start, end)), name }',
    replace: 'entry = { bytes: bytes.subarray(start, end), name }',
    tests: CACHING,
  },
  {
    name: 'writes 128 in one byte',
    file: WRITER,
    find: 'while (rest >= 0x80) {',
    replace: 'while (rest > 0x80) {',
    tests: WRITING,
  },
  {
    name: 'does not move what a longer length pushes aside',
    file: WRITER,
    find: '    if (extra > 0) {',
    replace: '    if (extra > 1) {',
    tests: WRITING,
  },
  {
    name: 'leaves the Reason String out before User Properties',
    file: ENCODE,
    find: 'userProperties: NO_PROPERTIES.userProperties }',
    replace: 'reasonString: undefined }',
    tests: ENCODING,
  },
  {
    name: 'sends PUBREL without its flag',
    file: ENCODE_PUBLISH,
    find: 'into[0] = (type << 4) | (type === PacketType.pubrel ? 0b0010 : 0)',
    replace: 'into[0] = (type << 4) | (type === PacketType.pubcomp ? 0b0010 : 0)',
    tests: PUBLISHING,
  },
  {
    name: 'finds the scratch full of another topic',
    file: ENCODE_PUBLISH,
    find: 'if (topic !== this.#topic) {',
    replace: 'if (topic.length !== this.#topic?.length) {',
    tests: PUBLISHING,
  },
  {
    name: 'says where the packet id stands without the header',
    file: ENCODE_PUBLISH,
    find: 'packetIdAt: qos > 0 ? packetIdAt - start : -1,',
    replace: 'packetIdAt: qos > 0 ? packetIdAt : -1,',
    tests: PUBLISHING,
  },
  {
    name: 'writes properties that the packet may not carry',
    file: ENCODE_BLOCK,
    find: 'if ((spec.packets & packet) !== 0) encodeProperty(writer, properties, spec)',
    replace: 'if (spec.packets !== 0) encodeProperty(writer, properties, spec)',
    tests: ENCODING,
  },
  {
    name: 'swaps the name and the value of a User Property',
    file: ENCODE_BLOCK,
    find: 'for (const [name, value] of properties.userProperties) {',
    replace: 'for (const [value, name] of properties.userProperties) {',
    tests: ENCODING,
  },
  {
    name: 'forgets the QoS of a will',
    file: ENCODE_CONNECT,
    find: 'return 0x04 | (will.qos << 3) | (will.retain ? 0x20 : 0)',
    replace: 'return 0x04 | (will.qos << 4) | (will.retain ? 0x20 : 0)',
    tests: ENCODING,
  },
]
