// Topic names and topic filters: the rules of section 4.7 of the standard.
declare const topicBrand: unique symbol
declare const topicFilterBrand: unique symbol
/** A topic name that was checked: 1 to 65,535 bytes of UTF-8, no wildcards, no U+0000. */
export type Topic = string & { readonly [topicBrand]: true }
/** A topic filter that was checked, without any `$share/…/` prefix. */
export type TopicFilter = string & { readonly [topicFilterBrand]: true }
