// One request and its answer as the resources under /topics see them: without a socket, without a
// framework. The net makes the one and sends the other.

import type { Sink, Source } from '../../base/sink.ts'
import type { Access, Principal } from '../../core/ports.ts'

export interface Asked {
  readonly method: string
  /** The request target as it was sent: URL libraries would change topics in it. */
  readonly target: string
  /** A header field, by its name in lower case. */
  readonly field: (name: string) => string | undefined
  /** Whose address it came from. */
  readonly address: string
  /** Who may come in where it came in. */
  readonly access: Access
  /**
   * The whole content; undefined where it has more than `bytesMax`, or where `take`, which hears of
   * the bytes as they come, has no room for them.
   */
  readonly content: (
    bytesMax: number,
    take: (bytes: number) => boolean,
  ) => Promise<Uint8Array | undefined>
}

/** A request of somebody who was let in. */
export interface Admitted extends Asked {
  readonly principal: Principal
}

export type Fields = Readonly<Record<string, string>>

export interface Reply {
  readonly status: number
  readonly fields: Fields
  readonly content: Uint8Array | string | undefined
  /** Begins what follows the fields and has no end of its own. */
  readonly stream?: ((sink: Sink) => Source) | undefined
}
