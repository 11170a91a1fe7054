/**
 * Which proxies in front of the gateway are believed: none; all; as many as this, counted from the gateway; or those with these
 * addresses, such as `10.0.0.0/8`. Plain data.
 */
export type TrustProxy = boolean | number | readonly string[]
