/** What can be copied of what is seen. */
export { CopyMenu, linkTo, useAsker } from './CopyMenu';
export { linesOf, printValue, type ChangeLine } from './changes';
export { commandOfView, historyCommand, traceCommand, type Asker } from './commands';
export { tell } from './sentence';
