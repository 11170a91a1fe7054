import { runOnPosts } from '../sharded-search/command.js'
import { tutorial } from './tutorial.js'

await runOnPosts(tutorial, {
  command: 'hybrid-search',
  does: 'Indexes newsgroup posts by words and by vectors, and searches them both ways at once.',
})
