import type { Clock } from '../../../lib/clock.js'
import type { CountRequest } from '../../callers/caller.js'
import type { Serving } from '../../serving.js'
import { Documents } from './documents.js'
import { DryRun } from './dry-run.js'
import { jsonFormat, protobufFormat } from './formats.js'
import type { Handshake } from './handshake.js'
import { Requests } from './requests.js'
import type { Peer, Talk } from './talk.js'

export interface TalkSetting {
  readonly serving: Serving
  readonly clock: Clock
  /** Counts the requests besides the handshake; null when their number is not limited. */
  readonly countRequest: CountRequest | null
}

/** Begins to talk with a client whose handshake was accepted. */
export type TalkOf = (peer: Peer, handshake: Handshake, setting: TalkSetting) => Talk

/** The talks of a gateway, by path and sub-protocol. */
export const talkOf: TalkOf = (peer, { path, subprotocol, isPage }, setting) => {
  const { serving } = setting
  const isBinary = subprotocol !== 'json'
  if (path === '/dry_run') return new DryRun(peer, serving, { isBinary })
  if (subprotocol === 'millrace.stream') return new Documents(peer, { serving, isPage })
  return new Requests(peer, {
    ...setting,
    format: isBinary ? protobufFormat : jsonFormat,
    closesOnNetworkErrors: subprotocol !== 'millrace.bytes',
  })
}
