/**
 * Internals that whole-program tests drive without a Flow: they import `dist/internals.js`. One file, because each entry of a
 * bundle cuts the others into more chunks, and a pod pays for every chunk it loads. The package does not export it.
 */
export { Client } from './client/client.js'
export { takeLock } from './workspace/lock.js'
export { Scope } from './call/scope.js'
export { podsOf } from './flow/pods-of.js'
export { WorkspaceHold } from './workspace/hold.js'
export { startGateway } from './gateway/host.js'
export { deferred } from './lib/deferred.js'
export { startPod } from './pods/index.js'
export { dial, listen } from './transport/index.js'
export { DataRequest } from './wire/data-request.js'
