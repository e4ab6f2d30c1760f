/** What can be copied of what is seen. */
export { CopyMenu, linkTo, useAsker } from './CopyMenu';
export { diffText, isNoise, linesOf, printValue, type ChangeLine } from './changes';
export { blameCommand, commandOfView, commandsOfEntry, diffCommand, getCommand, historyCommand, kindName, kubectlCommand, quote, serverOf, traceCommand, type Asker } from './commands';
export { markdownOfEntry } from './markdown';
export { makerName, objectWords, plain, tell, type Told } from './sentence';
