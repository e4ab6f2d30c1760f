import type { TreeNode } from '../../api/types';

/** The nodes above the one that was asked for. */
export function chainOf(nodes: readonly TreeNode[]): TreeNode[] {
  const chain: TreeNode[] = [];
  let node = nodes.find((one) => one.asked);
  for (let n = 0; node && n < nodes.length; n++) {
    node = nodes[node.parent];
    if (node) chain.unshift(node);
  }
  return chain;
}
