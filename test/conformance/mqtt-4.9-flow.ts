// Cases for flow control, section 4.9, Maximum Packet Size and Topic Alias.

import type { Case, Version } from '../support/wire-script.ts'

const NEW: readonly Version[] = [5]

const flow: readonly Case[] = [
  {
    title:
      '[MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] no more messages than Receive ' +
      'Maximum are under way',
    versions: NEW,
    script: `
      a joins receive-max=2
      a subs 't' qos=2
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=2
      b pubs 't' '3' qos=1
      b pubs 't' '4' qos=2
      a < PUBLISH 't' '1' qos=1 id=?x
      a < PUBLISH 't' '2' qos=2 id=?y
      a silent
      a > PUBACK %x
      a gets 't' '3' qos=1
      a < PUBLISH 't' '4' qos=2 id=?z
      a > PUBREC %y
      a < PUBREL %y
      a silent
      a > PUBCOMP %y
      a > PUBREC %z
      a < PUBREL %z
      a > PUBCOMP %z
      a silent`,
  },
  {
    title: '[MQTT-4.9.0-2] a refusing PUBREC gives its place back',
    versions: NEW,
    script: `
      a joins receive-max=1
      a subs 't' qos=2
      b joins
      b pubs 't' '1' qos=2
      b pubs 't' '2' qos=1
      a < PUBLISH 't' '1' qos=2
      a silent
      a > PUBREC reason=0x80
      a < PUBLISH 't' '2' qos=1
      a > PUBACK reason=0x80
      a silent`,
  },
  {
    title: '[MQTT-3.3.4-10] [MQTT-4.9.0-3] a full window holds back nothing else',
    versions: NEW,
    script: `
      a joins receive-max=1
      a subs 't' qos=1
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=1
      a < PUBLISH 't' '1' qos=1 id=?x
      a > SUBSCRIBE 5 'u' qos=0
      a < SUBACK 5 0
      a > PUBLISH 'other' 'x' qos=1 id=6
      a < PUBACK 6
      a > PUBLISH 'other' 'x' qos=2 id=7
      a < PUBREC 7
      a > PUBREL 7
      a < PUBCOMP 7
      a > UNSUBSCRIBE 8 'none'
      a < UNSUBACK 8 0x11
      a ping
      b pubs 'u' 'QoS 0 needs no window'
      a < PUBLISH 'u' 'QoS 0 needs no window'
      a > PUBACK %x
      a gets 't' '2' qos=1`,
  },
  {
    title: '[MQTT-4.9.0-1] the window begins anew with each connection; re-sent messages count',
    versions: NEW,
    script: `
      a joins persist receive-max=1
      a subs 't' qos=1
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=1
      b pubs 't' '3' qos=1
      a < PUBLISH 't' '1' qos=1 id=?x
      a cut
      a rejoins receive-max=2
      a < PUBLISH 't' '1' qos=1 dup=1 id=%x
      a < PUBLISH 't' '2' qos=1 id=?y
      a silent
      a > PUBACK %x
      a gets 't' '3' qos=1
      a > PUBACK %y`,
  },
  {
    title:
      '[MQTT-3.3.4-9] [MQTT-4.4.0-1] a smaller window on reconnect holds re-sent messages back',
    versions: NEW,
    script: `
      a joins persist receive-max=10
      a subs 't' qos=1
      b joins
      b pubs 't' '1' qos=1
      b pubs 't' '2' qos=1
      a < PUBLISH 't' '1' qos=1 id=?x
      a < PUBLISH 't' '2' qos=1 id=?y
      a cut
      a rejoins receive-max=1
      a < PUBLISH 't' '1' qos=1 dup=1 id=%x
      a silent
      a > PUBACK %x
      a < PUBLISH 't' '2' qos=1 dup=1 id=%y
      a > PUBACK %y`,
  },
]

const sizes: readonly Case[] = [
  {
    title:
      '[MQTT-3.1.2-24] [MQTT-3.1.2-25] a message too large for a client is dropped for it alone',
    versions: NEW,
    script: `
      a joins packet-max=50
      a subs 't' qos=2
      b joins
      b subs 't' qos=2
      b pubs 't' 'x'*100 qos=2
      b gets 't' 'x'*100 qos=2
      a silent
      b pubs 't' 'y'*100 qos=0
      b gets 't' 'y'*100
      b pubs 't' 'fits' qos=1
      b gets 't' 'fits' qos=1
      a gets 't' 'fits' qos=1`,
  },
  {
    title: '[MQTT-3.1.2-24] Maximum Packet Size counts to the byte',
    versions: NEW,
    script: `
      a joins packet-max=30
      a subs 't'
      b joins
      b pubs 't' 'x'*24
      a < PUBLISH 't' 'x'*24
      b pubs 't' 'x'*25
      a silent`,
  },
  {
    title: '[MQTT-3.1.2-25] a dropped message takes no place in the window',
    versions: NEW,
    script: `
      a joins packet-max=30 receive-max=1
      a subs 't' qos=1
      b joins
      b pubs 't' 'x'*100 qos=1
      b pubs 't' 'y'*100 qos=1
      b pubs 't' 'fits' qos=1
      a gets 't' 'fits' qos=1`,
  },
  {
    title: '[MQTT-3.1.2-25] what waited in the session is dropped where it is too large now',
    versions: NEW,
    script: `
      a joins persist
      a subs 't' qos=1
      a leaves
      b joins
      b pubs 't' 'x'*100 qos=1
      b pubs 't' 'fits' qos=1
      a rejoins packet-max=40
      a gets 't' 'fits' qos=1
      a leaves
      a rejoins
      a silent`,
  },
  {
    title: '[MQTT-3.1.2-25] retained messages too large for a client are dropped',
    versions: NEW,
    script: `
      b joins
      b pubs 't/1' 'x'*100 qos=1 retain=1
      b pubs 't/2' 'fits' qos=1 retain=1
      a joins packet-max=40
      a subs 't/#' qos=1
      a gets 't/2' 'fits' qos=1 retain=1`,
  },
]

const aliases: readonly Case[] = [
  {
    title: "[MQTT-3.3.2-12] a client may use every alias up to the server's maximum",
    versions: NEW,
    script: `
      w joins client=watcher
      w subs '#'
      a > CONNECT
      a < CONNACK alias-max=?max
      a > PUBLISH 't/max' '1' alias=%max
      a > PUBLISH 't/1' '2' alias=1
      a > PUBLISH '' '3' alias=%max
      a > PUBLISH '' '4' alias=1
      w < PUBLISH 't/max' '1'
      w < PUBLISH 't/1' '2'
      w < PUBLISH 't/max' '3'
      w < PUBLISH 't/1' '4'`,
  },
  {
    title: '[MQTT-3.3.2-12] an alias may be given another topic',
    versions: NEW,
    script: `
      w joins client=watcher
      w subs '#' qos=1
      a joins
      a > PUBLISH 't/1' '1' alias=1
      a > PUBLISH 't/2' '2' alias=1
      a > PUBLISH '' '3' alias=1 qos=1 id=5
      a < PUBACK 5
      w < PUBLISH 't/1' '1'
      w < PUBLISH 't/2' '2'
      w < PUBLISH 't/2' '3' qos=1`,
  },
  {
    title: '[MQTT-3.3.2-8] alias 0 is refused',
    versions: NEW,
    script: `
      a joins
      a > raw 30 07 0001 61 03 230000
      a closes 0x94|0x82`,
  },
  {
    title: '[MQTT-3.3.2-9] [MQTT-3.2.2-17] an alias above the maximum is refused',
    versions: NEW,
    script: `
      a joins
      a > PUBLISH 't' 'x' alias=65535
      a closes 0x94|0x82`,
  },
  {
    title: '[MQTT-3.3.2-7] an alias that means nothing yet is refused',
    versions: NEW,
    script: `
      a joins
      a > PUBLISH '' 'x' alias=1
      a closes 0x82|0x94`,
  },
  {
    title: "[MQTT-3.3.2-7] aliases end with their connection and are no other client's",
    versions: NEW,
    script: `
      a joins persist
      b joins
      a > PUBLISH 't' 'x' alias=1
      a ping
      b > PUBLISH '' 'x' alias=1
      b closes 0x82|0x94
      a cut
      a rejoins
      a > PUBLISH '' 'x' alias=1
      a closes 0x82|0x94`,
  },
  {
    title:
      '[MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.3.2-11] no alias goes to a client that wants none',
    versions: NEW,
    script: `
      a joins
      b joins alias-max=0
      p joins
      a subs 't'
      b subs 't'
      p > PUBLISH 't' '1' alias=1
      p > PUBLISH '' '2' alias=1
      p ping
      a < PUBLISH 't' '1'
      a < PUBLISH 't' '2'
      b < PUBLISH 't' '1'
      b < PUBLISH 't' '2'`,
  },
  {
    title:
      '[MQTT-3.1.2-26] [MQTT-3.3.2-11] aliases to a client stay within its maximum and are true',
    versions: NEW,
    script: `
      a joins alias-max=2
      a subs 't/#' qos=1
      p joins
      p pubs 't/1' '1' qos=1
      p pubs 't/1' '2' qos=1
      p pubs 't/2' '3' qos=1
      p pubs 't/3' '4' qos=1
      p pubs 't/3' '5' qos=1
      p pubs 't/1' '6' qos=1
      p pubs 't/2' '7'
      a gets 't/1' '1' qos=1 alias=any
      a gets 't/1' '2' qos=1 alias=any
      a gets 't/2' '3' qos=1 alias=any
      a gets 't/3' '4' qos=1 alias=any
      a gets 't/3' '5' qos=1 alias=any
      a gets 't/1' '6' qos=1 alias=any
      a gets 't/2' '7' alias=any`,
  },
  {
    title: '[MQTT-3.3.2-7] messages sent again on a new connection have topics of their own',
    versions: NEW,
    script: `
      a joins persist alias-max=2
      a subs 't' qos=1
      p joins
      p pubs 't' '1' qos=1
      p pubs 't' '2' qos=1
      a < PUBLISH 't' '1' qos=1 alias=any id=?x
      a < PUBLISH 't' '2' qos=1 alias=any id=?y
      a cut
      a rejoins
      a < PUBLISH 't' '1' qos=1 dup=1 id=%x
      a < PUBLISH 't' '2' qos=1 dup=1 id=%y`,
  },
]

export const FLOW_CASES: readonly Case[] = [...flow, ...sizes, ...aliases]
