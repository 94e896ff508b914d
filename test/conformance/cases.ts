// All conformance cases, in the order of the standard.

import type { Case } from '../support/wire-script.ts'
import { FORMAT_CASES } from './mqtt-1-2-format.ts'
import { CONNECT_CASES } from './mqtt-3.1-connect.ts'
import { OLD_CASES } from './mqtt-3.1-quirks.ts'
import { WILL_CASES } from './mqtt-3.1-will.ts'
import { CONNACK_CASES } from './mqtt-3.2-connack.ts'
import { EXPIRY_CASES } from './mqtt-3.3-expiry.ts'
import { PUBLISH_CASES } from './mqtt-3.3-publish.ts'
import { RETAIN_CASES } from './mqtt-3.3-retain.ts'
import { SUBSCRIBE_CASES } from './mqtt-3.8-subscribe.ts'
import { SESSION_CASES } from './mqtt-4.1-session.ts'
import { AUTH_CASES } from './mqtt-4.12-auth.ts'
import { QOS_CASES } from './mqtt-4.3-qos.ts'
import { TOPIC_CASES } from './mqtt-4.7-topics.ts'
import { SHARED_CASES } from './mqtt-4.8-shared.ts'
import { FLOW_CASES } from './mqtt-4.9-flow.ts'
import { LIMIT_CASES } from './mqtt-limits.ts'

export const CASES: readonly Case[] = [
  ...FORMAT_CASES,
  ...CONNECT_CASES,
  ...CONNACK_CASES,
  ...WILL_CASES,
  ...PUBLISH_CASES,
  ...RETAIN_CASES,
  ...EXPIRY_CASES,
  ...SUBSCRIBE_CASES,
  ...SESSION_CASES,
  ...QOS_CASES,
  ...TOPIC_CASES,
  ...SHARED_CASES,
  ...FLOW_CASES,
  ...AUTH_CASES,
  ...LIMIT_CASES,
  ...OLD_CASES,
]
