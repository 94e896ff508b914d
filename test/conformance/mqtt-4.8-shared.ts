// Cases for shared subscriptions, section 4.8.2.

import type { Case, Version } from '../support/wire-script.ts'

const NEW: readonly Version[] = [5]

/** The group's members are `a` and `b`; who gets a message is the server's choice. */
export const SHARED_CASES: readonly Case[] = [
  {
    title: '[U5-36] [MQTT-4.8.2-1] each message goes to one member of the group',
    versions: NEW,
    script: `
      a joins
      b joins
      p joins
      a subs '$share/g/t' qos=1
      b subs '$share/g/t' qos=1
      p pubs 't' '1' qos=1
      p pubs 't' '2' qos=1
      p pubs 't' '3' qos=1
      p pubs 't' '4' qos=1
      ours| a gets~ 't' '1' qos=1
      ours| a gets~ 't' '3' qos=1
      ours| b gets~ 't' '2' qos=1
      ours| b gets~ 't' '4' qos=1
      theirs| a gets~? 't' ?w qos=1
      theirs| a gets~? 't' ?x qos=1
      theirs| b gets~? 't' ?y qos=1
      theirs| b gets~? 't' ?z qos=1
      theirs| differ w x y z`,
  },
  {
    title: '[U5-36] each group and each filter has its own share, and others their own copy',
    versions: NEW,
    script: `
      a joins
      p joins
      a subs '$share/g/t' qos=1 subscription-id=1
      a subs '$share/h/t' qos=1 subscription-id=2
      a subs '$share/g/t/#' qos=1 subscription-id=3
      p subs 't' qos=1 subscription-id=4
      p pubs 't' 'x' qos=1
      p gets 't' 'x' qos=1 subscription-id=4
      a gets~ 't' 'x' qos=1 subscription-id=1
      a gets~ 't' 'x' qos=1 subscription-id=2
      a gets~ 't' 'x' qos=1 subscription-id=3`,
  },
  {
    title: "[U5-36] a subscription of one's own beside the shared one gets its own copy",
    versions: NEW,
    script: `
      a joins
      p joins
      a subs '$share/g/t' qos=1 subscription-id=1
      a subs 't' qos=1 subscription-id=2
      p pubs 't' 'x' qos=1
      a gets~ 't' 'x' qos=1 subscription-id=1
      a gets~ 't' 'x' qos=1 subscription-id=2`,
  },
  {
    title: '[U5-38] the filter of a shared subscription obeys the rules of others',
    versions: NEW,
    script: `
      a joins
      p joins
      a subs '$share/g//finance' qos=1
      p pubs 'finance' '1' qos=1
      p pubs '/finance' '2' qos=1
      a gets '/finance' '2' qos=1
      a subs '$share/g/+/y/#' qos=1
      p pubs 'x/y/z' '3' qos=1
      a gets 'x/y/z' '3' qos=1
      p pubs '$share/g/x' '4'
      a silent`,
  },
  {
    title: '[U5-37] [U5-39] a second SUBSCRIBE updates the options, and one UNSUBSCRIBE ends it',
    versions: NEW,
    script: `
      a joins
      p joins
      a subs '$share/g/t' qos=0 subscription-id=1
      a subs '$share/g/t' qos=1 subscription-id=2
      p pubs 't' '1' qos=1
      a gets 't' '1' qos=1 subscription-id=2
      a > UNSUBSCRIBE 5 't'
      a < UNSUBACK 5 0x11
      p pubs 't' '2' qos=1
      a gets 't' '2' qos=1 subscription-id=2
      a > UNSUBSCRIBE 6 '$share/g/t'
      a < UNSUBACK 6 0
      p pubs 't' '3' qos=1
      a silent`,
  },
  {
    title: '[MQTT-4.8.2-3] every member gets its own granted QoS',
    versions: NEW,
    script: `
      a joins
      b joins
      p joins
      a subs '$share/g/a' qos=0
      b subs '$share/g/b' qos=2
      p pubs 'a' '1' qos=2
      a gets 'a' '1' qos=0
      p pubs 'b' '2' qos=2
      b gets 'b' '2' qos=2
      p pubs 'b' '3' qos=1
      b gets 'b' '3' qos=1`,
  },
  {
    title: '[MQTT-4.8.2-6] what a member refuses is offered to nobody else',
    versions: NEW,
    script: `
      a joins
      p joins
      a subs '$share/g/t' qos=2
      p pubs 't' '1' qos=1
      a < PUBLISH 't' '1' qos=1
      a > PUBACK reason=0x80
      p pubs 't' '2' qos=2
      a < PUBLISH 't' '2' qos=2
      b joins
      b subs '$share/g/t' qos=2
      a > PUBREC reason=0x97
      a silent
      b silent`,
  },
  {
    title: '[MQTT-4.8.2-4] QoS 2 begun with a member is finished with it when it comes back',
    versions: NEW,
    script: `
      a joins persist
      a subs '$share/g/t' qos=2
      p joins
      p pubs 't' 'x' qos=2
      a < PUBLISH 't' 'x' qos=2 id=?x
      b joins
      b subs '$share/g/t' qos=2
      a cut
      b silent
      a rejoins
      a < PUBLISH 't' 'x' qos=2 dup=1 id=%x
      a > PUBREC %x
      a < PUBREL %x
      a > PUBCOMP %x
      b silent`,
  },
  {
    title: '[MQTT-4.8.2-5] QoS 2 begun with a member whose session ends goes to nobody else',
    versions: NEW,
    script: `
      a joins
      a subs '$share/g/t' qos=2
      p joins
      p pubs 't' 'x' qos=2
      a < PUBLISH 't' 'x' qos=2
      b joins
      b subs '$share/g/t' qos=2
      a cut
      b silent`,
  },
  {
    title: '[U5-35] QoS 1 in flight to a member whose session ends goes to another',
    versions: NEW,
    script: `
      a joins
      a subs '$share/g/t' qos=1
      p joins
      p pubs 't' 'x' qos=1
      a < PUBLISH 't' 'x' qos=1
      b joins
      b subs '$share/g/t' qos=1
      a cut
      ours| b gets 't' 'x' qos=1 dup=0/1
      theirs| b gets~? 't' 'x' qos=1 dup=*`,
  },
  {
    title: '[U5-35] [U5-36] members that are online go first',
    versions: NEW,
    script: `
      a joins persist
      a subs '$share/g/t' qos=1
      b joins
      b subs '$share/g/t' qos=1
      a leaves
      p joins
      p pubs 't' '1' qos=1
      p pubs 't' '2' qos=1
      ours| b gets 't' '1' qos=1
      ours| b gets 't' '2' qos=1
      theirs| b gets~? 't' '1' qos=1
      theirs| b gets~? 't' '2' qos=1`,
  },
  {
    title: '[MQTT-4.5.0-1] [U5-36] a group without a member online keeps its messages',
    versions: NEW,
    script: `
      a joins persist
      a subs '$share/g/t' qos=1
      a leaves
      p joins
      p pubs 't' '1' qos=1
      p pubs 't' '2' qos=1
      a rejoins
      a gets 't' '1' qos=1
      a gets 't' '2' qos=1
      a leaves
      a rejoins
      a silent`,
  },
]
