/**
 * What whole-program tests drive by itself, in one file: each entry of a bundle cuts the others into more chunks, and a pod
 * pays for every chunk it loads. Not exported by the package.
 */
export { Client } from './client/client.js'
export { takeLock } from './workspace/lock.js'
export { podsOf } from './flow/pods-of.js'
export { WorkspaceHold } from './workspace/hold.js'
export { startGateway } from './gateway/host.js'
export { deferred } from './lib/deferred.js'
export { startPod } from './pods/index.js'
export { dial, listen } from './transport/index.js'
export { DataRequest } from './wire/data-request.js'
