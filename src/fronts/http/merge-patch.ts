// JSON Merge Patch, RFC 7396: members of the patch replace those of the target, null removes one.

import { emptyObject, isObject, type Json } from './json.ts'

/** The target with the patch applied; both stay as they are. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch
  const merged = emptyObject()
  if (isObject(target)) {
    for (const [name, member] of Object.entries(target)) {
      if (patch[name] !== null) merged[name] = member
    }
  }
  for (const [name, change] of Object.entries(patch)) {
    if (change !== null) merged[name] = mergePatch(merged[name] ?? null, change)
  }
  return merged
}
