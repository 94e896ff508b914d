// Mutants of the core: topics and filters, the tree, audiences, retained messages, the hub.

import type { Mutant } from './mutant.ts'

const TOPIC = 'src/core/topic.ts'
const TREE = 'src/core/topic-tree.ts'
const BRANCH = 'src/core/branch.ts'
const SEATS = 'src/core/seats.ts'
const CACHE = 'src/core/audience-cache.ts'
const TRIE = 'src/core/topic-trie.ts'
const RETAINED = 'src/core/retained.ts'
const EXPIRIES = 'src/core/expiries.ts'
const HUB = 'src/core/hub.ts'

const TOPICS = ['src/core/topic.test.ts']
const TREES = ['src/core/topic-tree.test.ts']
const CACHING = ['src/core/audience-cache.test.ts', 'src/core/topic-tree.test.ts']
const TRIES = ['src/core/topic-trie.test.ts', 'src/core/retained.test.ts']
const STATES = ['src/core/retained.test.ts']
const HUBS = ['src/core/hub.test.ts']

export const TREE_MUTANTS: readonly Mutant[] = [
  {
    name: 'takes a wildcard that fills half a level',
    file: TOPIC,
    find: 'if (at > 0 && text.charCodeAt(at - 1) !== SLASH) return false',
    replace: 'if (at > 1 && text.charCodeAt(at - 1) !== SLASH) return false',
    tests: TOPICS,
  },
  {
    name: 'takes # before the last level',
    file: TOPIC,
    find: 'if (!isLast && (code === HASH || text.charCodeAt(at + 1) !== SLASH)) return false',
    replace: 'if (!isLast && text.charCodeAt(at + 1) !== SLASH) return false',
    tests: TOPICS,
  },
  {
    name: 'takes one level too many',
    file: TOPIC,
    find: 'if (!isText(text) || levels(text) > levelsMax) return undefined\n  return isWild(text)',
    replace:
      'if (!isText(text) || levels(text) > levelsMax + 1) return undefined\n  return isWild(text)',
    tests: TOPICS,
  },
  {
    name: 'counts no level after a slash at the end',
    file: TOPIC,
    find: "for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) count += 1",
    replace: "for (let at = text.indexOf('/'); at > 0; at = text.indexOf('/', at + 1)) count += 1",
    tests: TOPICS,
  },
  {
    name: 'takes an empty ShareName',
    file: TOPIC,
    find: 'if (end <= SHARE_PREFIX.length) return undefined',
    replace: 'if (end < SHARE_PREFIX.length) return undefined',
    tests: TOPICS,
  },
  {
    name: 'takes a wildcard in the ShareName',
    file: TOPIC,
    find: 'if (isWild(share)) return undefined',
    replace: "if (share === '+') return undefined",
    tests: TOPICS,
  },
  {
    name: 'counts three bytes for what takes four',
    file: TOPIC,
    find: '      bytes += 4\n',
    replace: '      bytes += 3\n',
    tests: TOPICS,
  },
  {
    name: 'does not match the parent of #',
    file: TOPIC,
    find: 'return filter.charCodeAt(from + 1) === HASH',
    replace: 'return filter.charCodeAt(from) === HASH',
    tests: TOPICS,
  },
  {
    name: 'finds $ topics by wildcards',
    file: TREE,
    find: "collect(this.#root, topic, 0, !topic.startsWith('$'), found)",
    replace: "collect(this.#root, topic, 0, !topic.startsWith('$SYS/'), found)",
    tests: TREES,
  },
  {
    name: 'finds no wildcard below a $ topic',
    file: TREE,
    find: 'if (child !== undefined) collect(child, topic, end + 1, true, found)',
    replace: 'if (child !== undefined) collect(child, topic, end + 1, isWild, found)',
    tests: TREES,
  },
  {
    name: 'keeps an audience of what is gone',
    file: TREE,
    find: '    this.#prune(node)\n    this.#cache.drop(filter)\n',
    replace: '    this.#prune(node)\n    void this.#cache\n',
    tests: TREES,
  },
  {
    name: 'takes a subscription with another QoS for the same',
    file: TREE,
    find: '    one.qos === other.qos &&\n',
    replace: '    one.qos >= other.qos &&\n',
    tests: TREES,
  },
  {
    name: 'takes a subscription with another identifier for the same',
    file: TREE,
    find: '    one.id === other.id\n',
    replace: '    one.id >= other.id\n',
    tests: TREES,
  },
  {
    name: 'gives a replaced subscription a new rank',
    file: TREE,
    find: 'const rank = former === undefined ? this.#nextRank++ : former.rank',
    replace: 'const rank = this.#nextRank++',
    tests: TREES,
  },
  {
    name: 'prunes a node under which + remains',
    file: TREE,
    find: '    node.plus === undefined &&\n',
    replace: '    node.level !== undefined &&\n',
    tests: TREES,
  },
  {
    name: 'leaves empty nodes behind',
    file: TREE,
    find: 'while (node.parent !== undefined && isEmpty(node)) {',
    replace: 'if (node.parent !== undefined && isEmpty(node)) {',
    tests: TREES,
  },
  {
    name: 'finds a level by its beginning',
    file: BRANCH,
    find: 'return level.length === end - start && text.startsWith(level, start)',
    replace: 'return text.startsWith(level, start)',
    tests: TREES,
  },
  {
    name: 'merges at the lowest QoS',
    file: SEATS,
    find: 'if (subscription.qos > qos) qos = subscription.qos',
    replace: 'qos = subscription.qos',
    tests: TREES,
  },
  {
    name: 'merges equal identifiers into one',
    file: SEATS,
    find: 'if (subscription.id !== 0) ids.push(subscription.id)',
    replace: 'if (subscription.id !== ids.at(-1) && subscription.id) ids.push(subscription.id)',
    tests: TREES,
  },
  {
    name: 'applies No Local to all that overlap',
    file: SEATS,
    find: 'return { subscriber, match, ownMatch: own.length === 0 ? undefined : mergedMatch(own) }',
    replace: 'return { subscriber, match, ownMatch: undefined }',
    tests: TREES,
  },
  {
    name: 'forgets No Local where it is alone',
    file: SEATS,
    find: 'seat.listener = { subscriber, match, ownMatch: noLocal ? undefined : match }',
    replace: 'seat.listener = { subscriber, match, ownMatch: noLocal ? match : match }',
    tests: TREES,
  },
  {
    name: 'mixes up the order of an audience',
    file: SEATS,
    find: 'seats.sort((one, other) => one.rank - other.rank)',
    replace: 'seats.sort((one, other) => other.rank - one.rank)',
    tests: TREES,
  },
  {
    name: 'keeps more audiences than its bound',
    file: CACHE,
    find: 'if (this.#young.kept.size >= this.#audiencesMax || listeners > this.#listenersMax) {',
    replace: 'if (this.#young.kept.size > this.#audiencesMax || listeners > this.#listenersMax) {',
    tests: CACHING,
  },
  {
    name: 'keeps more listeners than its bound',
    file: CACHE,
    find: 'if (this.#young.kept.size >= this.#audiencesMax || listeners > this.#listenersMax) {',
    replace: 'if (this.#young.kept.size >= this.#audiencesMax) {',
    tests: CACHING,
  },
  {
    name: 'drops nothing of the old generation',
    file: CACHE,
    find: '    if (!dropFrom(this.#old, filter)) this.#old = createGeneration()\n',
    replace: '    void this.#old\n',
    tests: CACHING,
  },
  {
    name: 'forgets an audience although it is used',
    file: CACHE,
    find: '    this.#insert(old)\n',
    replace: '    void old\n',
    tests: CACHING,
  },
  {
    name: 'counts the listeners of what was dropped',
    file: CACHE,
    find: 'generation.listeners -= kept.audience.length',
    replace: 'generation.listeners -= 0',
    tests: CACHING,
  },
  {
    name: 'finds $ topics by a wildcard in the retained messages',
    file: TRIE,
    find: 'return node.parent === undefined ? withoutDollar(children) : children',
    replace: 'return node.parent !== undefined ? withoutDollar(children) : children',
    tests: TRIES,
  },
  {
    name: 'does not find the state of the parent of #',
    file: TRIE,
    find: "return level === '#' ? this.#known(node) : undefined",
    replace: "return level === '#' && depth === 0 ? this.#known(node) : undefined",
    tests: TRIES,
  },
  {
    name: 'finds what came after the search began',
    file: TRIE,
    find: 'return node.birth < this.#bound ? node.value : undefined',
    replace: 'return node.birth <= this.#bound ? node.value : undefined',
    tests: TRIES,
  },
  {
    name: 'cuts off topics below one that is removed',
    file: TRIE,
    find: 'node.value === undefined && node.children === undefined) {',
    replace: 'node.value === undefined) {',
    tests: TRIES,
  },
  {
    name: 'has a state in the moment that it expires',
    file: RETAINED,
    find: 'return message !== undefined && message.expiresAtMs > nowWallMs ? message : undefined',
    replace:
      'return message !== undefined && message.expiresAtMs >= nowWallMs ? message : undefined',
    tests: STATES,
  },
  {
    name: 'lets a replaced state make no room',
    file: RETAINED,
    find: '(former === undefined ? 0 : stateBytes(former))',
    replace: '(former === undefined ? 0 : 0)',
    tests: STATES,
  },
  {
    name: 'lets a state expire that another one replaced',
    file: RETAINED,
    find: 'else this.#expiries.delete(topic)',
    replace: 'else if (former === undefined) this.#expiries.delete(topic)',
    tests: STATES,
  },
  {
    name: 'loses order in the heap of expiries',
    file: EXPIRIES,
    find: 'const child = right !== undefined && right.atMs < left.atMs ? right : left',
    replace: 'const child = right !== undefined && right.atMs > left.atMs ? right : left',
    tests: ['src/core/expiries.test.ts'],
  },
  {
    name: 'lets clients publish to $',
    file: HUB,
    find: "if (message.topic.startsWith('$')) return Reason.notAuthorized",
    replace: "if (message.topic.startsWith('$SYS')) return Reason.notAuthorized",
    tests: HUBS,
  },
  {
    name: 'takes retained messages while the store refuses',
    file: HUB,
    find: 'return qos > 0 || isStored ? this.#store.refusal() : undefined',
    replace: 'return qos > 0 ? this.#store.refusal() : undefined',
    tests: HUBS,
  },
  {
    name: 'delivers to everyone by No Local',
    file: HUB,
    find: 'const fitting = subscriber.clientId === message.publisher ? ownMatch : match',
    replace: 'const fitting = subscriber.clientId !== message.publisher ? ownMatch : match',
    tests: HUBS,
  },
  {
    name: 'withdraws a filter that others have',
    file: HUB,
    find: 'if (count > 1) this.#announced.set(filter, count - 1)',
    replace: 'if (count > 2) this.#announced.set(filter, count - 1)',
    tests: HUBS,
  },
  {
    name: 'reserves the same offsets twice',
    file: HUB,
    find: '    this.#offsetBound += OFFSETS_RESERVED\n',
    replace: '    this.#offsetBound += 0\n',
    tests: HUBS,
  },
  {
    name: 'reserves offsets when they are used up',
    file: HUB,
    find: 'OFFSETS_RESERVED / 2) this.#reserve()',
    replace: '1) this.#reserve()',
    tests: HUBS,
  },
  {
    name: 'does not commit what it reserves',
    file: HUB,
    find: 'this.#turn.ticket() // So that it is committed.',
    replace: 'void this.#turn',
    tests: HUBS,
  },
]
