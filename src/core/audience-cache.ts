// Audiences that were looked up lately, by topic. Bounded, and a changed filter drops only those
// that it touches. How an audience is found is topic-tree's.

import type { Audience } from './subscription.ts'
import { isWild, type Topic, type TopicFilter } from './topic.ts'
import { NODES_IN_VAIN_MAX, TopicTrie } from './topic-trie.ts'

/** How many listeners may be kept for each audience that may be. */
const LISTENERS_PER_AUDIENCE = 32
/** To look at so many nodes costs about what it costs to find one audience anew. */
const NODES_PER_AUDIENCE = 32
/** Topics longer than this (UTF-16 code units) are looked up anew each time. */
const TOPIC_LENGTH_MAX = 1024

/**
 * Two generations, an approximation of "least recently used" without any list: what is used joins
 * the young one; when that is full the old one is dropped whole, and the young one becomes the old.
 *
 * A generation is full at half of `audiencesMax`, or once the audiences in it have 16 times
 * `audiencesMax` listeners together, so that many topics with a large audience each (everybody on
 * `#`) do not fill the memory. An audience larger than that is not kept: to find it costs little
 * beside delivering to it. With an `audiencesMax` of 0 or 1 nothing is kept.
 */
export class AudienceCache {
  readonly #audiencesMax: number
  readonly #listenersMax: number
  #young: Generation = createGeneration()
  #old: Generation = createGeneration()

  constructor(audiencesMax: number) {
    this.#audiencesMax = Math.floor(audiencesMax / 2)
    this.#listenersMax = this.#audiencesMax * LISTENERS_PER_AUDIENCE
  }

  /** How many audiences are kept. */
  get size(): number {
    return this.#young.kept.size + this.#old.kept.size
  }

  get(topic: Topic): Audience | undefined {
    const young = this.#young.kept.get(topic)
    if (young !== undefined) return young.audience
    const old = this.#old.kept.get(topic)
    if (old === undefined) return undefined
    remove(this.#old, old)
    this.#insert(old)
    return old.audience
  }

  /** Keeps the audience of a topic that has none here. */
  set(topic: Topic, audience: Audience): void {
    if (this.#audiencesMax === 0 || audience.length > this.#listenersMax) return
    if (topic.length > TOPIC_LENGTH_MAX) return
    this.#insert({ topic, audience })
  }

  /** Forgets the audiences of the topics that the filter matches. */
  drop(filter: TopicFilter): void {
    if (!dropFrom(this.#young, filter)) this.#young = createGeneration()
    if (!dropFrom(this.#old, filter)) this.#old = createGeneration()
  }

  #insert(kept: Kept): void {
    const listeners = this.#young.listeners + kept.audience.length
    if (this.#young.kept.size >= this.#audiencesMax || listeners > this.#listenersMax) {
      this.#old = this.#young
      this.#young = createGeneration()
    }
    this.#young.kept.set(kept.topic, kept)
    this.#young.listeners += kept.audience.length
  }
}

interface Kept {
  readonly topic: Topic
  readonly audience: Audience
}

interface Generation {
  readonly kept: TopicTrie<Kept>
  /** In all of its audiences together. */
  listeners: number
  /** Nodes that filters were compared with in vain. */
  vain: number
}

function createGeneration(): Generation {
  return { kept: new TopicTrie(), listeners: 0, vain: 0 }
}

/**
 * Visits only topics that begin like the filter: cheap while many filters come and go. False when
 * all searches in vain have cost more than the audiences that are kept: then they are not worth it.
 */
function dropFrom(generation: Generation, filter: TopicFilter): boolean {
  if (!isWild(filter)) {
    // A filter without wildcards reads like the only topic that it matches.
    const kept = generation.kept.get(filter as string as Topic)
    if (kept !== undefined) remove(generation, kept)
    return true
  }
  const matching = generation.kept.matching(filter)
  for (let step = matching.next(); step.done !== true; step = matching.next()) {
    if (step.value !== undefined) remove(generation, step.value)
    else generation.vain += NODES_IN_VAIN_MAX
  }
  return generation.vain <= generation.kept.size * NODES_PER_AUDIENCE
}

function remove(generation: Generation, kept: Kept): void {
  generation.kept.remove(kept.topic)
  generation.listeners -= kept.audience.length
}
