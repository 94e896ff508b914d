// The public API.

export type { Clock, Timer } from './base/clock.ts'
export { ListenError, RefusedError } from './base/errors.ts'
export { Reason } from './base/reason.ts'
export type { Accept, Wire, WireEnd } from './base/wire.ts'
export { ALLOW_ALL, denyAll } from './core/access.ts'
export type { Limits } from './core/limits.ts'
export type { MessageProperties } from './core/message.ts'
export type {
  ConnectEvent,
  DisconnectEvent,
  DropEvent,
  PublishEvent,
  ServerEvents,
} from './core/observer.ts'
export type { LoginVerdict, Policies, Verdict } from './core/policies.ts'
export type {
  Access,
  Authentication,
  Credentials,
  Log,
  LogFields,
  Principal,
} from './core/ports.ts'
export type {
  Embedded,
  EmbeddedSubscription,
  Published,
  SubscribeOptions,
} from './fronts/embedded/front.ts'
export type { NewMessage } from './fronts/embedded/message.ts'
export type { MessageHandler, MessageStream, ReceivedMessage } from './fronts/embedded/reader.ts'
export type { MqttSettings } from './fronts/mqtt/settings.ts'
export { createServer, type Holdings, type Server, type ServerOptions } from './server.ts'
