import { MillraceError } from '../../../errors.js'
import { statusText } from '../../../wire/json/encode-answer.js'
import { refusalStatus } from '../../../wire/refusal.js'
import { encodeStatus, type Status } from '../../../wire/status.js'
import { closeCode } from '../../../wire/websocket.js'
import type { Serving } from '../../serving.js'
import { dryRun } from '../flow-state.js'
import { withJinaHint } from '../jina-hints.js'
import type { Peer, Talk } from './talk.js'

/** `/dry_run`: sends a request through all stages and then its status, whatever the client sends (jina.md 4.9). */
export class DryRun implements Talk {
  readonly isIdle = false

  constructor(peer: Peer, serving: Serving, { isBinary }: { readonly isBinary: boolean }) {
    void dryRun(serving, peer.call)
      .catch((error: unknown) => refusalStatus(withJinaHint(MillraceError.from(error))))
      .then((status) => tell(peer, status, isBinary))
  }

  message(): void {}

  drained(): void {}

  drain(): void {}

  closed(): void {}
}

function tell(peer: Peer, status: Status, isBinary: boolean): void {
  try {
    peer.send(isBinary ? Buffer.from(encodeStatus(status)) : statusText(status))
    peer.end(closeCode.complete)
  } catch (error) {
    peer.end(closeCode.full, MillraceError.from(error).message)
  }
}
