// Who wants to know what happens in a server: signals that cost one look at a flag where nobody
// listens. They tell what was done; nobody can refuse anything here, that is Access's.

import type { Message } from './message.ts'
import type { Principal } from './ports.ts'

/** A client was accepted. */
export interface ConnectEvent {
  readonly clientId: string
  readonly principal: Principal
  readonly address: string
  /** Of MQTT, such as `5.0`. */
  readonly version: string
  /** It went on with a session that it had. */
  readonly sessionPresent: boolean
}

/** The connection of an accepted client ended. Its session may live on. */
export interface DisconnectEvent {
  readonly clientId: string
  readonly principal: Principal
  readonly address: string
  readonly version: string
  /** Why, in the words of the standard, or `connection lost`. */
  readonly reason: string
}

/** A message was accepted. Not told of what the server says of itself under `$`. */
export interface PublishEvent {
  /** It may be kept, and is not to be changed. */
  readonly message: Readonly<Message>
  /** Undefined for the server and the embedding program. */
  readonly principal: Principal | undefined
}

export type DropCause = 'queueFull' | 'slow' | 'expired' | 'tooLarge'

/** A message was lost for one subscriber. */
export interface DropEvent {
  /** A client id, `$share/{ShareName}/{filter}`, or empty for the embedding program. */
  readonly subscriber: string
  readonly topic: string
  readonly cause: DropCause
}

/** One kind of event and who listens to it. Listeners are called at once and must not fail. */
export class Signal<E> {
  #listeners: readonly ((event: E) => void)[] = []
  /** Asked before an event is even made. */
  isHeard = false

  /** Adds a listener, and returns what takes it out again. */
  on(listener: (event: E) => void): () => void {
    // Wrapped, so that a function given twice is two listeners.
    const own = (event: E): void => listener(event)
    this.#set([...this.#listeners, own])
    return () => this.#set(this.#listeners.filter((other) => other !== own))
  }

  emit(event: E): void {
    for (const listener of this.#listeners) listener(event)
  }

  #set(listeners: readonly ((event: E) => void)[]): void {
    this.#listeners = listeners
    this.isHeard = listeners.length > 0
  }
}

/** The events that an embedding program can listen to, by name. */
export interface ServerEvents {
  readonly connect: ConnectEvent
  readonly disconnect: DisconnectEvent
  readonly publish: PublishEvent
  readonly drop: DropEvent
}

/** All signals of one server. */
export class Observer {
  readonly connect: Signal<ConnectEvent> = new Signal()
  readonly disconnect: Signal<DisconnectEvent> = new Signal()
  readonly publish: Signal<PublishEvent> = new Signal()
  readonly drop: Signal<DropEvent> = new Signal()
  /** The session of that client id is gone. */
  readonly sessionEnd: Signal<string> = new Signal()
  /** The message is its topic's state no more, since its time was over. */
  readonly stateExpired: Signal<Message> = new Signal()

  /** `topic` was lost for `subscriber`. */
  dropped(subscriber: string, topic: string, cause: DropCause): void {
    if (this.drop.isHeard) this.drop.emit({ subscriber, topic, cause })
  }
}
