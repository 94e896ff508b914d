// Topics, filters, subscriptions and messages for tests, with everything that a test does not care
// about filled in. A text that is no topic or filter is the test's own mistake and throws.

import { type Message, NEVER, NO_MESSAGE_PROPERTIES } from '../../src/core/message.ts'
import type { Subscriber, Subscription } from '../../src/core/subscription.ts'
import { parseTopic, parseTopicFilter, type Topic, type TopicFilter } from '../../src/core/topic.ts'

const LEVELS_MAX = 128

export function topicOf(text: string): Topic {
  const topic = parseTopic(text, LEVELS_MAX)
  if (topic === undefined) throw new Error(`no topic: ${JSON.stringify(text)}`)
  return topic
}

export function filterOf(text: string): TopicFilter {
  const filter = parseTopicFilter(text, LEVELS_MAX)
  if (filter === undefined) throw new Error(`no filter: ${JSON.stringify(text)}`)
  return filter
}

export function createSubscriber(clientId: string): Subscriber {
  return { clientId, deliver: () => {} }
}

export function createSubscription(
  subscriber: Subscriber,
  filter: string,
  options: Partial<Omit<Subscription, 'subscriber' | 'filter'>> = {},
): Subscription {
  return {
    subscriber,
    filter: filterOf(filter),
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    id: 0,
    ...options,
  }
}

export function createMessage(
  topic: string,
  fields: Partial<Omit<Message, 'topic'>> = {},
): Message {
  return {
    offset: 0,
    topic: topicOf(topic),
    payload: new TextEncoder().encode('payload'),
    isKept: false,
    qos: 0,
    retain: true,
    properties: NO_MESSAGE_PROPERTIES,
    publisher: undefined,
    arrivedAtMs: 0,
    expiresAtMs: NEVER,
    ...fields,
  }
}
