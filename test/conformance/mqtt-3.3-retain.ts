// Cases for retained messages: storing and clearing, Retain Handling, Retain As Published, and both
// with shared subscriptions.

import type { Case, Version } from '../support/wire-script.ts'

const ALL: readonly Version[] = [3, 4, 5]
const NEW: readonly Version[] = [5]

const storing: readonly Case[] = [
  {
    title:
      '[MQTT-3.3.1-5] [MQTT-3.3.1-9] [MQTT311-3.3.1-6] [MQTT311-3.3.1-8] [U5-21] a ' +
      'retained message is sent at subscribe with RETAIN',
    versions: ALL,
    script: `
      b joins
      b pubs 't/a' 'state' qos=1 retain=1
      a joins
      a subs 't/+' qos=1
      a gets 't/a' 'state' qos=1 retain=1`,
  },
  {
    title: '[MQTT-3.3.1-5] a retained message replaces the one before, whatever their QoS',
    versions: ALL,
    script: `
      b joins
      b pubs 't' '1' qos=2 retain=1
      b pubs 't' '2' qos=1 retain=1
      b pubs 't' '3' qos=0 retain=1
      a joins
      a subs 't' qos=2
      a gets 't' '3' qos=0 retain=1`,
  },
  {
    title: '[MQTT311-3.3.1-7] a retained message at QoS 0 takes the place of the old one',
    versions: [3, 4],
    script: `
      b joins
      b pubs 't' 'old' qos=1 retain=1
      b pubs 't' 'new' qos=0 retain=1
      a joins
      a subs 't' qos=1
      a gets 't' 'new' qos=0 retain=1`,
  },
  {
    title:
      '[MQTT-3.3.1-6] [MQTT-3.3.1-7] an empty retained message is delivered, and clears the topic',
    versions: ALL,
    script: `
      b joins
      b pubs 't' 'state' qos=1 retain=1
      a joins
      a subs 't' qos=1
      a gets 't' 'state' qos=1 retain=1
      b pubs 't' '' qos=1 retain=1
      a gets 't' '' qos=1 retain=0
      c joins
      c subs 't'
      c silent`,
  },
  {
    title: '[MQTT-3.3.1-7] clearing a topic that has no retained message stores nothing',
    versions: ALL,
    script: `
      b joins
      b pubs 't' '' qos=1 retain=1
      a joins
      a subs '#'
      a silent`,
  },
  {
    title: '[MQTT-3.3.1-8] a message without RETAIN leaves the retained one alone',
    versions: ALL,
    script: `
      b joins
      b pubs 't' 'state' qos=1 retain=1
      b pubs 't' 'event' qos=1
      b pubs 't' '' qos=1
      a joins
      a subs 't' qos=1
      a gets 't' 'state' qos=1 retain=1`,
  },
  {
    title: '[U5-22] [MQTT-3.8.4-8] a retained message comes at the lower of both QoS',
    versions: ALL,
    script: `
      b joins
      b pubs 'q/0' '0' qos=0 retain=1
      b pubs 'q/1' '1' qos=1 retain=1
      b pubs 'q/2' '2' qos=2 retain=1
      a joins
      a subs 'q/#' qos=1
      a gets~ 'q/0' '0' qos=0 retain=1
      a gets~ 'q/1' '1' qos=1 retain=1
      a gets~ 'q/2' '2' qos=1 retain=1
      c joins
      c subs 'q/#' qos=0
      c gets~ 'q/0' '0' qos=0 retain=1
      c gets~ 'q/1' '1' qos=0 retain=1
      c gets~ 'q/2' '2' qos=0 retain=1
      d joins
      d subs 'q/#' qos=2
      d gets~ 'q/0' '0' qos=0 retain=1
      d gets~ 'q/1' '1' qos=1 retain=1
      d gets~ 'q/2' '2' qos=2 retain=1`,
  },
  {
    title: '[MQTT-3.3.1-9] wildcards find retained messages as they find others',
    versions: ALL,
    script: `
      b joins
      b pubs 'r' '0' qos=1 retain=1
      b pubs 'r/1' '1' qos=1 retain=1
      b pubs 'r/1/2' '2' qos=1 retain=1
      b pubs 'r//2' '3' qos=1 retain=1
      b pubs 'other' '4' qos=1 retain=1
      a joins
      a subs 'r/#'
      a gets~ 'r' '0' retain=1
      a gets~ 'r/1' '1' retain=1
      a gets~ 'r/1/2' '2' retain=1
      a gets~ 'r//2' '3' retain=1
      c joins
      c subs 'r/+/2'
      c gets~ 'r/1/2' '2' retain=1
      c gets~ 'r//2' '3' retain=1
      d joins
      d subs '+'
      d gets~ 'r' '0' retain=1
      d gets~ 'other' '4' retain=1`,
  },
  {
    title: '[MQTT311-3.1.2-7] retained messages outlive the session of their publisher',
    versions: ALL,
    script: `
      b joins
      b pubs 't' 'state' qos=1 retain=1
      b leaves
      b joins
      b leaves
      a joins
      a subs 't'
      a gets 't' 'state' retain=1`,
  },
  {
    title: '[MQTT-3.3.2-17] a retained message keeps its properties',
    versions: NEW,
    script: `
      b joins
      b pubs 't' 'state' qos=1 retain=1 payload-format=1 content-type='c' response-topic='r' \
        correlation-data='d' user-property='n=1' user-property='n=2'
      a joins
      a subs 't' qos=1 subscription-id=3
      a gets 't' 'state' qos=1 retain=1 payload-format=1 content-type='c' response-topic='r' \
        correlation-data='d' user-property='n=1' user-property='n=2' subscription-id=3`,
  },
]

const handling: readonly Case[] = [
  {
    title:
      '[MQTT-3.8.4-3] [MQTT-3.8.4-4] [MQTT311-3.8.4-3] subscribing again sends the ' +
      'retained message again',
    versions: ALL,
    script: `
      a joins
      a pubs 't' 'state' qos=1 retain=1
      a subs 't' qos=1
      a gets 't' 'state' qos=1 retain=1
      a subs 't' qos=1
      a gets 't' 'state' qos=1 retain=1`,
  },
  {
    title: '[MQTT-3.3.1-9] Retain Handling 0 sends at every subscribe',
    versions: NEW,
    script: `
      a joins
      a pubs 't' 'state' qos=1 retain=1
      a subs 't' qos=1 rh=0
      a gets 't' 'state' qos=1 retain=1
      a subs 't' qos=1 rh=0
      a gets 't' 'state' qos=1 retain=1`,
  },
  {
    title: '[MQTT-3.3.1-10] Retain Handling 1 sends for new subscriptions only',
    versions: NEW,
    script: `
      a joins
      a pubs 't' 'state' qos=1 retain=1
      a subs 't' qos=1 rh=1
      a gets 't' 'state' qos=1 retain=1
      a subs 't' qos=0 rh=1 rap=1
      a silent
      a unsubs 't'
      a subs 't' qos=1 rh=1
      a gets 't' 'state' qos=1 retain=1`,
  },
  {
    title: '[MQTT-3.3.1-10] a subscription that the session kept is not new',
    versions: NEW,
    script: `
      a joins persist
      a subs 't' qos=1
      a pubs 't' 'state' qos=1 retain=1
      a gets 't' 'state' qos=1 retain=0
      a leaves
      a rejoins
      a subs 't' qos=1 rh=1
      a silent`,
  },
  {
    title: '[MQTT-3.3.1-11] Retain Handling 2 never sends',
    versions: NEW,
    script: `
      a joins
      a pubs 't' 'state' qos=1 retain=1
      a subs 't' qos=1 rh=2
      a silent
      a pubs 't' 'next' qos=1 retain=1
      a gets 't' 'next' qos=1 retain=0`,
  },
  {
    title: '[MQTT-3.8.4-4] who subscribes again with Retain Handling 0 loses no message',
    versions: NEW,
    script: `
      b joins
      b pubs 't' 'state' qos=1 retain=1
      a joins
      a subs 't' qos=1 rh=2
      b pubs 't' '1' qos=1
      a subs 't' qos=2 rh=0
      b pubs 't' '2' qos=1
      a gets 't' '1' qos=1
      a gets 't' 'state' qos=1 retain=1
      a gets 't' '2' qos=1`,
  },
  {
    title: '[MQTT-3.3.1-9] each filter of a SUBSCRIBE follows its own Retain Handling',
    versions: NEW,
    script: `
      a joins
      a pubs 't/0' '0' qos=1 retain=1
      a pubs 't/1' '1' qos=1 retain=1
      a pubs 't/2' '2' qos=1 retain=1
      a subs 't/0' qos=1 rh=0 't/1' qos=1 rh=1 't/2' qos=1 rh=2
      a gets~ 't/0' '0' qos=1 retain=1
      a gets~ 't/1' '1' qos=1 retain=1`,
  },
  {
    title: "[MQTT-3.8.3-3] No Local holds for retained messages of one's own as the server chooses",
    versions: NEW,
    script: `
      a joins
      a pubs 't' 'state' qos=1 retain=1
      b joins
      b subs 't' qos=1 nl=1
      b gets 't' 'state' qos=1 retain=1`,
  },
]

const asPublished: readonly Case[] = [
  {
    title:
      '[MQTT-3.3.1-12] [MQTT311-3.3.1-9] without Retain As Published live messages have RETAIN 0',
    versions: ALL,
    script: `
      a joins
      a subs 't' qos=1
      b joins
      b pubs 't' 'x' qos=1 retain=1
      a gets 't' 'x' qos=1 retain=0
      b pubs 't' 'y' qos=1 retain=0
      a gets 't' 'y' qos=1 retain=0`,
  },
  {
    title: "[MQTT-3.3.1-13] Retain As Published keeps the publisher's RETAIN",
    versions: NEW,
    script: `
      a joins
      a subs 't' qos=1 rap=1
      b joins
      b pubs 't' 'x' qos=1 retain=1
      a gets 't' 'x' qos=1 retain=1
      b pubs 't' 'y' qos=1 retain=0
      a gets 't' 'y' qos=1 retain=0
      b pubs 't' '' qos=1 retain=1
      a gets 't' '' qos=1 retain=1`,
  },
  {
    title: '[MQTT-3.3.1-13] Retain As Published holds for what waited in the session',
    versions: NEW,
    script: `
      a joins persist
      a subs 't/1' qos=1 rap=1 't/0' qos=1 rap=0
      a leaves
      b joins
      b pubs 't/1' 'x' qos=1 retain=1
      b pubs 't/0' 'y' qos=1 retain=1
      a rejoins
      a gets 't/1' 'x' qos=1 retain=1
      a gets 't/0' 'y' qos=1 retain=0`,
  },
  {
    title: '[U5-21] retained messages at subscribe have RETAIN 1 whatever Retain As Published says',
    versions: NEW,
    script: `
      a joins
      a pubs 't' 'state' qos=1 retain=1
      a subs 't' qos=1 rap=0
      a gets 't' 'state' qos=1 retain=1
      a subs 't' qos=1 rap=1
      a gets 't' 'state' qos=1 retain=1`,
  },
  {
    title: '[U5-20] a shared subscription gets no retained messages at subscribe',
    versions: NEW,
    script: `
      a joins
      a pubs 't' 'state' qos=1 retain=1
      a subs '$share/g/t' qos=1 rh=0
      a silent
      b joins
      b subs '$share/g/t' qos=1 rh=1
      b silent
      a unsubs '$share/g/t'
      b pubs 't' 'next' qos=1 retain=1
      b gets 't' 'next' qos=1 retain=0`,
  },
  {
    title: '[MQTT-3.3.1-13] Retain As Published holds for shared subscriptions',
    versions: NEW,
    script: `
      a joins
      a subs '$share/g/t' qos=1 rap=1
      b joins
      b pubs 't' 'x' qos=1 retain=1
      a gets 't' 'x' qos=1 retain=1`,
  },
]

export const RETAIN_CASES: readonly Case[] = [...storing, ...handling, ...asPublished]
