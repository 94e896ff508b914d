// Every bound of the server that is not MQTT's own, with its default and what happens at the bound.
// Keys of the configuration file under `limits`.

export interface Limits {
  /** Bytes of one packet, header included. Above: the connection is refused with 0x95. */
  packetBytesMax: number
  /**
   * Connected clients. Above: a new one is refused with 0x97 (3.x: 3); 1000 sockets above, those
   * that have said nothing included, a new one is cut off at once.
   */
  connectionsMax: number
  /**
   * Messages that wait in one session or shared group. Above: the newest is dropped for it alone.
   */
  sessionQueueMax: number
  /** Bytes of payloads and properties that wait there. Above: as `sessionQueueMax`. */
  sessionQueueBytesMax: number
  /**
   * Messages of one queue that are held in memory where the store holds the queue itself. Above:
   * they are read from the store when half of these are sent.
   */
  queueWindowMax: number
  /** Bytes of payloads and properties held so (one message always may). Above: as above. */
  queueWindowBytesMax: number
  /**
   * QoS 1 and 2 messages in flight to one client, if its Receive Maximum allows. Above: they wait.
   */
  inflightMax: number
  /**
   * Bytes of payloads and properties in flight to one client (one message always may). Above: they
   * wait.
   */
  inflightBytesMax: number
  /** Sessions, connected or not. Above: a new one is refused with 0x97 (3.x: 3). */
  sessionsMax: number
  /** Levels of a topic name or filter. Above: 0x90 or 0x8F. */
  topicLevelsMax: number
  /** Filters of one session. Above: SUBACK 0x97 for the filter. */
  subscriptionsPerSessionMax: number
  /** About what retained messages occupy. Above: a new or larger one gets 0x97. */
  retainedBytesMax: number
  /** Audiences kept for look-up. Above: the ones not used lately are dropped and built anew. */
  audiencesMax: number
  /**
   * Bytes that wait for one client's socket. Above: QoS 0 for it is dropped, QoS 1 and 2 wait in
   * its session; once what it is answered comes to as much again, nothing more is read from it.
   */
  outboxBytesMax: number
  /** Filters of one SUBSCRIBE or UNSUBSCRIBE. Above: the connection is refused with 0x97. */
  filtersPerPacketMax: number
  /**
   * User Properties of one packet, or Subscription Identifiers. Above: as `filtersPerPacketMax`.
   */
  propertiesPerPacketMax: number
  /** Bytes of a CONNECT, and of what is sent before it is accepted. Above: refused with 0x95. */
  connectBytesMax: number
  /** Topic names kept by their bytes, so that they are not decoded again. Above: old ones go. */
  topicNamesMax: number
  /**
   * Clients without connection and session whose presence is still shown. Above: the one that went
   * first is shown no more.
   */
  presencesGoneMax: number
  /**
   * Bytes of records that are in the journal alone, with a durable store; they are in memory too.
   * Above: the table is written. Three times as much: acknowledgements wait until it is; four times
   * as much: who publishes what must be stored is not read from.
   */
  storeEpochBytes: number
  /** Bytes of a file of the journal, which is filled ahead. A larger commit has its own file. */
  storeSegmentBytes: number
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  packetBytesMax: 16 * 1024 * 1024,
  connectionsMax: 1_000_000,
  sessionQueueMax: 1000,
  sessionQueueBytesMax: 256 * 1024 * 1024,
  queueWindowMax: 512,
  queueWindowBytesMax: 1024 * 1024,
  inflightMax: 1024,
  inflightBytesMax: 16 * 1024 * 1024,
  sessionsMax: 1_000_000,
  topicLevelsMax: 128,
  subscriptionsPerSessionMax: 10_000,
  retainedBytesMax: 1024 * 1024 * 1024,
  audiencesMax: 16_384,
  outboxBytesMax: 4 * 1024 * 1024,
  filtersPerPacketMax: 10_000,
  propertiesPerPacketMax: 10_000,
  connectBytesMax: 512 * 1024,
  topicNamesMax: 16_384,
  presencesGoneMax: 1000,
  storeEpochBytes: 32 * 1024 * 1024,
  storeSegmentBytes: 32 * 1024 * 1024,
})
