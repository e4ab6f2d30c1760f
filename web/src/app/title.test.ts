import { expect, it } from 'vitest';
import { parseView } from '../url/state';
import { titleOf } from './title';

it.each([
  ['/', 'Overview · kubewake'],
  ['/timeline?namespace=shop&kind=pods', 'shop pods · Timeline · kubewake'],
  ['/trace?object=deploy%2Fweb&namespace=shop', 'deploy/web shop · Tree · kubewake'],
  ['/trace?object=uid%3Ac8d8', 'Tree · kubewake'],
  ['/object/demo/deployments.apps/shop/web', 'deploy/web · shop · kubewake'],
  ['/object/demo/nodes/-/worker-1', 'no/worker-1 · kubewake'],
  ['/object/demo/certificates.cert-manager.io/shop/tls', 'certificates.cert-manager.io/tls · shop · kubewake'],
  ['/nothing', 'No such page · kubewake'],
])('%s is %s', (path, title) => expect(titleOf(parseView(new URL(path, 'http://here')))).toBe(title));
