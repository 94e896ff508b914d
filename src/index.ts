// The public API.

export { AccessFileError } from './access/file-error.ts'
export type { AccessSettings } from './access/rule-set.ts'
export { openRules, type Rules, type RulesOptions, SERVER_RULES } from './access/rules.ts'
export type { Clock, Timer } from './base/clock.ts'
export { ListenError, RefusedError, StoreOpenError } from './base/errors.ts'
export type { Random } from './base/random.ts'
export { Reason } from './base/reason.ts'
export type { Scheduler } from './base/scheduler.ts'
export type { Accept, PeerCertificate, Wire, WireEnd } from './base/wire.ts'
export { ALLOW_ALL, denyAll } from './core/access.ts'
export type { Counters } from './core/counters.ts'
export { DEFAULT_LIMITS, type Limits } from './core/limits.ts'
export type { Message, MessageProperties, Qos, UserProperty } from './core/message.ts'
export type {
  ConnectEvent,
  DisconnectEvent,
  DropCause,
  DropEvent,
  PublishEvent,
  ServerEvents,
} from './core/observer.ts'
export type { LoginVerdict, Policies, Verdict } from './core/policies.ts'
export type {
  Access,
  Act,
  Authentication,
  AuthenticationExchange,
  AuthenticationMethod,
  AuthenticationStep,
  Cluster,
  Credentials,
  Explanation,
  Log,
  LogFields,
  Principal,
} from './core/ports.ts'
export type {
  QueueName,
  Recovery,
  Store,
  StoredDelivery,
  StoredFlight,
  StoredQueue,
  StoredSession,
  StoredWill,
  StoreRecord,
} from './core/store.ts'
export type { Topic, TopicFilter } from './core/topic.ts'
export type {
  Embedded,
  EmbeddedSubscription,
  Published,
  SubscribeOptions,
} from './fronts/embedded/front.ts'
export type { NewMessage } from './fronts/embedded/message.ts'
export type { MessageHandler, MessageStream, ReceivedMessage } from './fronts/embedded/reader.ts'
export type { MqttSettings } from './fronts/mqtt/settings.ts'
export type { HttpSettings } from './fronts/http/settings.ts'
export type { Attachment, HttpServer } from './net/attached.ts'
export type { OpenListening, Speech } from './net/listeners.ts'
export type { Place } from './net/listening.ts'
export type { Certificates } from './net/tls.ts'
export {
  createServer,
  type Holdings,
  type Server,
  type ServerAttachOptions,
  type ServerListenOptions,
  type ServerOptions,
} from './server.ts'
