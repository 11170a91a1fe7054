import { runOnPosts } from './command.js'
import { tutorial } from './tutorial.js'

await runOnPosts(tutorial, {
  command: 'sharded-search',
  does: 'Indexes newsgroup posts in two shards, searches them, kills a shard, and gives one a second replica.',
})
