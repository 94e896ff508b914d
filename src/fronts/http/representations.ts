// The forms in which a state can be read: as it came, and converted where the client prefers that
// and nothing is lost by it. What is stored never changes.

import { isUtf8 } from '../../base/utf8.ts'
import type { Message } from '../../core/message.ts'
import { parseMediaType, qualityOf } from './accept.ts'
import { parseCbor, writeCbor } from './cbor.ts'
import { parseJson, writeJson } from './json.ts'
import { contentTypeOf } from './properties.ts'
import { Refusal } from './refusal.ts'

export interface Representation {
  readonly contentType: string
  readonly content: Uint8Array
  /** What its entity tag ends with; undefined: it is as it came. */
  readonly form: string | undefined
}

interface Form {
  readonly name: string
  readonly contentType: string
  /** From the essence of the stored type; undefined where it cannot be. */
  readonly convert: (essence: string, content: Uint8Array) => Uint8Array | undefined
}

/** Larger states are sent as they came only: a conversion is done at once, and holds up others. */
const CONVERTED_BYTES_MAX = 1024 * 1024

const FORMS: readonly Form[] = [
  {
    name: 'json',
    contentType: 'application/json',
    convert: (essence, content) => {
      const parsed = essence === 'application/cbor' ? parseCbor(content) : undefined
      return parsed && writeJson(parsed.value)
    },
  },
  {
    name: 'cbor',
    contentType: 'application/cbor',
    convert: (essence, content) => {
      if (essence !== 'application/json') return undefined
      const parsed = parseJson(content)
      return parsed instanceof Refusal ? undefined : writeCbor(parsed.value)
    },
  },
  {
    name: 'text',
    contentType: 'text/plain; charset=utf-8',
    convert: (essence, content) => (isTextual(essence) && isUtf8(content) ? content : undefined),
  },
]

/** Also what nobody named: most of MQTT's payloads are text and do not say so. */
function isTextual(essence: string): boolean {
  return (
    essence.startsWith('text/') ||
    essence === 'application/json' ||
    essence === 'application/octet-stream'
  )
}

/** The form that the client likes best, of those that there are; as it came where it may be. */
export function representationOf(
  state: Message,
  accept: string | undefined,
): Representation | Refusal {
  const { payload, topic } = state
  const contentType = contentTypeOf(state)
  const stored: Representation = { contentType, content: payload, form: undefined }
  const quality = qualityOf(accept, contentType)
  if (payload.length <= CONVERTED_BYTES_MAX) {
    const better = FORMS.map((form) => ({ form, wanted: qualityOf(accept, form.contentType) }))
      .filter(({ wanted }) => wanted > quality)
      .toSorted((one, other) => other.wanted - one.wanted)
    const mediaType = parseMediaType(contentType)
    const essence = `${mediaType?.type ?? ''}/${mediaType?.subtype ?? ''}`
    for (const { form } of better) {
      const content = convertible(contentType) ? form.convert(essence, payload) : undefined
      if (content !== undefined) return { contentType: form.contentType, content, form: form.name }
    }
  }
  if (quality > 0) return stored
  return new Refusal(
    'not-acceptable',
    `it is ${contentType}, and no other form is asked for`,
    topic,
  )
}

/** False for text in another encoding than UTF-8. */
function convertible(contentType: string): boolean {
  const charset = parseMediaType(contentType)?.parameters.find((one) => one.startsWith('charset='))
  return charset === undefined || charset === 'charset=utf-8' || charset === 'charset=us-ascii'
}
