// What each key is for, in words for the operator: the comments of the file that `rameau config
// init` writes. The values are config's; a test holds the two together.

/** By key, and by section. */
export const EXPLAINED: Readonly<Record<string, string>> = {
  host: 'The address of listeners that name none. 0.0.0.0 or :: is every address.',
  listeners:
    'Where clients connect, each {protocol, host, port | path, access, tls, proxyProtocol, ' +
    'origins}. The protocols are mqtt, mqtts, ws, wss, http, https. Without a list of your own, ' +
    'mqtts, wss and https are added where tls names a certificate.',
  tls: 'The certificate of mqtts, wss and https; PEM files, read again at SIGHUP.',
  'tls.cert': 'The certificate, followed by those between it and its authority.',
  'tls.key': 'Its private key.',
  'tls.ca': 'The authorities of certificates of clients. Given, clients are asked for one.',
  'tls.requireClientCertificate': 'A client without a certificate is cut off.',
  origins: 'Web pages of other origins that may connect, such as https://example.org; * for all.',
  data: 'The folder of the durable store.',
  memory: 'Keep everything in memory, whatever data says.',
  durability: 'commit: acknowledge what is on disk. relaxed: acknowledge what will be soon.',
  access: 'Who may come in and what he may do. Without it: everybody, from this machine only.',
  'access.allowAnonymous': 'Whether clients without a user name come in.',
  'access.passwordFile': 'Users and their passwords: a file of rameau passwd or mosquitto_passwd.',
  'access.aclFile': 'Rules in the format of Mosquitto’s acl_file, in place of a rulesFile.',
  'access.rulesFile': 'What is allowed: rules in YAML.',
  'access.watch': 'Read these files again whenever they change, as at SIGHUP.',
  'access.reasonStrings': 'Tell clients of MQTT 5 which rule refused them.',
  log: 'The log, on standard output.',
  'log.level': 'debug, info, warn, error or silent.',
  'log.format': 'human or json.',
  'log.repeatsMax':
    'Lines that say the same of the same client in 10 s. Above: they are counted. 0: no limit.',
  mqtt: 'What the server offers by MQTT.',
  'mqtt.qosMax': 'The highest QoS: a PUBLISH above is refused, a subscription above gets this.',
  'mqtt.retainAvailable': 'Whether messages may be retained.',
  'mqtt.wildcardSubscriptions': 'Whether filters may have + and #.',
  'mqtt.subscriptionIds': 'Whether subscriptions may have an identifier.',
  'mqtt.sharedSubscriptions': 'Whether $share/… may be subscribed to.',
  'mqtt.topicAliasMax': 'Topic aliases of a connection, in each direction.',
  'mqtt.receiveMax': 'QoS 1 and 2 messages that a client may have unacknowledged.',
  'mqtt.keepAliveMax': 'Seconds. A client that asks for more is told to use this. 0: no cap.',
  'mqtt.sessionExpiryMax': 'Seconds that a session outlives its connection at most, or none.',
  'mqtt.connectTimeoutMs': 'Milliseconds that a new connection has to send its CONNECT.',
  'mqtt.responseInformation': 'What clients are told that ask for Response Information.',
  'mqtt.strictSubprotocol': 'Refuse a WebSocket that does not offer the subprotocol mqtt.',
  http: 'Topics over HTTP.',
  'http.replayEventsMax':
    'Messages that a stream of events can go on from. Above: the oldest goes. 0: none.',
  limits: 'Every bound of the server; what happens at each is said with it.',
  'limits.packetBytesMax': 'Bytes of one packet. Above: the connection is refused with 0x95.',
  'limits.connectionsMax': 'Open connections. Above: a new one is refused with 0x97.',
  'limits.sessionQueueMax':
    'Messages that wait in one session. Above: the newest is dropped for that session.',
  'limits.sessionQueueBytesMax':
    'Bytes that wait in one session. Above: the newest message is dropped for that session.',
  'limits.queueWindowMax':
    'Messages of one queue in memory, with a durable store. Above: they are read as they are sent.',
  'limits.queueWindowBytesMax':
    'Bytes of one queue in memory, with a durable store. Above: as above.',
  'limits.inflightMax': 'QoS 1 and 2 messages in flight to one client. Above: they wait.',
  'limits.inflightBytesMax': 'Bytes in flight to one client. Above: messages wait.',
  'limits.sessionsMax': 'Sessions, connected or not. Above: a new one is refused with 0x97.',
  'limits.topicLevelsMax': 'Levels of a topic or filter. Above: it is invalid.',
  'limits.subscriptionsPerSessionMax': 'Filters of one session. Above: SUBACK says 0x97.',
  'limits.retainedBytesMax': 'Bytes of retained messages. Above: a new one is refused with 0x97.',
  'limits.audiencesMax': 'Results of the topic look-up that are kept. Above: old ones go.',
  'limits.outboxBytesMax':
    'Bytes that wait for one socket. Above: QoS 0 for it is dropped, the rest waits in a session.',
  'limits.filtersPerPacketMax':
    'Filters of one SUBSCRIBE or UNSUBSCRIBE. Above: the connection is refused with 0x97.',
  'limits.propertiesPerPacketMax':
    'User Properties of one packet. Above: the connection is refused with 0x97.',
  'limits.connectBytesMax': 'Bytes of a CONNECT. Above: refused with 0x95.',
  'limits.topicNamesMax': 'Topic names kept by their bytes. Above: old ones go.',
  'limits.presencesGoneMax':
    'Clients that have left and are still shown under $presence. Above: the first to go is not.',
  'limits.storeEpochBytes':
    'Bytes of changes that the journal holds alone. Above: the table is written, and from three ' +
    'times as much on acknowledgements wait for it. Less for small devices.',
  'limits.storeSegmentBytes':
    'Bytes of a file of the journal, which is filled ahead. Less for small devices.',
  sys: 'The topics under $SYS.',
  'sys.intervalS': 'Seconds between two publications. 0: none.',
  presence: 'The topics under $presence.',
  'presence.enabled': 'Say by retained messages who is connected.',
}

/** Keys without a default, with a value to show. */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
  'tls.cert': '/etc/rameau/cert.pem',
  'tls.key': '/etc/rameau/key.pem',
  'tls.ca': '/etc/rameau/clients-ca.pem',
  'tls.requireClientCertificate': false,
  'access.allowAnonymous': false,
  'access.passwordFile': '/etc/rameau/passwords',
  'access.aclFile': 'none',
  'access.rulesFile': '/etc/rameau/rules.yaml',
}
