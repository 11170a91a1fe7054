import { errorCode, type ErrorCode } from './codes.js'

/** Why the connection must end: the code and the text of its GOAWAY. Methods that take a frame return it. */
export interface Fault {
  readonly code: ErrorCode
  readonly why: string
}

export function protocolError(why: string): Fault {
  return { code: errorCode.protocolError, why }
}

export function flowControlError(why: string): Fault {
  return { code: errorCode.flowControlError, why }
}

/** The peer did too often what `what` says. */
export function tooMany(what: string): Fault {
  return { code: errorCode.enhanceYourCalm, why: `too many ${what}` }
}

/** A frame of that type has a wrong size. */
export function wrongSize(type: string): Fault {
  return { code: errorCode.frameSizeError, why: `a ${type} frame has a wrong size` }
}

/** A frame of that type is for a stream that has not begun. */
export function idleStream(type: string, id: number): Fault {
  return protocolError(`a ${type} frame is for stream ${id}, which is idle`)
}

/** All blocks of a connection share a table, so that none can be read after a wrong one. */
export const wrongBlock: Fault = {
  code: errorCode.compressionError,
  why: 'a header block cannot be decoded',
}
