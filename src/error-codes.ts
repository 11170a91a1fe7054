import { type ErrorCode, isRetryable } from './errors.js'

/** What each code says. */
const about: Readonly<Record<ErrorCode, string>> = {
  // the caller's configuration
  INVALID_OPTION: 'an option has a value that cannot be used',
  UNKNOWN_OPTION: 'an option that does not exist',
  INVALID_NAME: 'a name that is no identifier, or is taken',
  INVALID_EXECUTOR: 'an Executor class, endpoint or handler that cannot be served',
  MODULE_NOT_FOUND: 'the module of an Executor cannot be loaded',
  EXPORT_NOT_FOUND: 'the module was loaded but does not have the Executor',
  BAD_YAML: 'a YAML text that cannot be read, or says what it cannot say',
  UNSUPPORTED: 'a combination that does not exist here',
  // the life of a Flow
  NOT_STARTED: 'the Flow is not running',
  ALREADY_STARTED: 'the Flow is running already',
  START_FAILED: 'a stage did not start',
  START_TIMEOUT: 'a stage was not ready in time',
  FORBIDDEN: 'the cluster does not let this user do it',
  PORT_IN_USE: 'the port is taken',
  WORKSPACE_CONFLICT: "the workspace is another Flow's, or holds data of another number of shards",
  // what a caller hands in
  INVALID_INPUT: 'inputs that are no documents',
  INPUT_FAILED: 'the source of inputs threw',
  CALLBACK_FAILED: 'a callback of the caller threw',
  MALFORMED: 'bytes that are no message',
  // a request on its way
  EXECUTOR_FAILED: 'the handler of an Executor threw',
  INVALID_RESULT: 'the handler of an Executor returned what cannot be sent',
  UNAUTHENTICATED: 'a request without a valid token',
  NOT_FOUND: 'no such endpoint or stage',
  UNAVAILABLE: 'nobody there to answer',
  RESOURCE_EXHAUSTED: 'a queue or a message is larger than its limit',
  OUTCOME_UNKNOWN: 'a write failed that may have been done, for one because its replica was lost',
  POISON_REQUEST: 'replicas were lost while they had the request, which is taken to be the cause',
  DEADLINE_EXCEEDED: 'the time for the request ran out',
  CANCELLED: 'the caller went away',
  INTERNAL: 'a defect in Millrace',
}

/**
 * Every error Millrace raises, by code. The list is closed: callers may switch on it.
 *
 * `retryable` says whether the same request may be sent again without a change, to another replica or later.
 */
export const errorCodes: Readonly<
  Record<ErrorCode, { readonly retryable: boolean; readonly about: string }>
> = Object.fromEntries(
  Object.entries(about).map(([code, text]) => [
    code,
    { retryable: isRetryable(code as ErrorCode), about: text },
  ]),
) as Record<ErrorCode, { readonly retryable: boolean; readonly about: string }>
