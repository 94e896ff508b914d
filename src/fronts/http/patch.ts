// PATCH of a topic: the state is read, patched and replaced in one synchronous step. Only of JSON,
// and only where every number of it stays the same number. [H-8]

import { parseMediaType } from './accept.ts'
import type { Admitted } from './exchange.ts'
import { applyJsonPatch } from './json-patch.ts'
import { type Json, parseJson, writeJson } from './json.ts'
import { mergePatch } from './merge-patch.ts'
import type { TopicsParts } from './parts.ts'
import { type Act, type Outcome, publish } from './publish.ts'
import { Refusal } from './refusal.ts'

const FORMS = {
  'application/merge-patch+json': 'merge',
  'application/json-patch+json': 'json',
} as const
type PatchForm = (typeof FORMS)[keyof typeof FORMS]

export const ACCEPT_PATCH: string = Object.keys(FORMS).join(', ')

/** Undefined for a type that is no patch that we know. */
export function patchFormOf(contentType: string | undefined): PatchForm | undefined {
  const mediaType = contentType === undefined ? undefined : parseMediaType(contentType)
  if (mediaType === undefined) return undefined
  const essence = `${mediaType.type}/${mediaType.subtype}`
  return essence === 'application/merge-patch+json' || essence === 'application/json-patch+json'
    ? FORMS[essence]
    : undefined
}

export function patch(parts: TopicsParts, asked: Admitted, act: Act, content: Uint8Array): Outcome {
  const { topic, conditions } = act
  const form = patchFormOf(asked.field('content-type'))
  const change = parseJson(content)
  if (change instanceof Refusal) return new Refusal('request-invalid', change.detail, topic)
  const state = parts.hub.state(topic)
  if (state === undefined) {
    // A condition that names a version fails first.
    if (conditions.ifMatch !== undefined) return new Refusal('precondition', 'there is no state')
    return new Refusal('no-state', 'there is nothing to change', topic)
  }
  const present = parseJson(state.payload)
  if (present instanceof Refusal) return new Refusal('conflict', present.detail, topic)
  const { packetBytesMax } = parts.limits
  try {
    const changed: { readonly value: Json } | Refusal =
      form === 'json'
        ? applyJsonPatch(present.value, change.value, packetBytesMax)
        : { value: mergePatch(present.value, change.value) }
    if (changed instanceof Refusal) return changed
    const said = { ...act.said, contentType: state.properties.contentType ?? 'application/json' }
    return publish(parts, asked, { ...act, said }, writeJson(changed.value))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return new Refusal('conflict', 'it would be nested too deeply', topic)
  }
}
