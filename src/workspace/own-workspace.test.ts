import { expect, it } from 'vitest'
import { ownWorkspaceVariable, requireShared } from './own-workspace.js'

it('an Executor that shares its workspace is refused in a container that has one of its own', () => {
  expect(() => requireShared('Index', {})).not.toThrow()
  expect(() => requireShared('Index', { [ownWorkspaceVariable]: '1' })).toThrow(
    expect.objectContaining({
      code: 'WORKSPACE_CONFLICT',
      message: expect.stringMatching(/^Index: .*sharedStorageClass/) as string,
    }),
  )
})
