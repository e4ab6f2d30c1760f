/** The pages of the demo's incident that are looked at: in the light and in the dark, by axe and by eye. */
export interface Look {
  name: string;
  path: string;
  /** A text that is there once the page shows what it is for. */
  shows: string;
}

const web = '/object/demo/deployments.apps/shop/web';
const at = 'at=2026-11-21T15%3A26%3A25Z';

export const looks: Look[] = [
  { name: 'overview', path: '/', shows: 'ImagePullBackOff' },
  { name: 'timeline', path: `/timeline?cluster=demo&namespace=shop&object=deploy%2Fweb&${at}`, shows: 'web' },
  { name: 'trace', path: `/trace?cluster=demo&namespace=shop&object=deploy%2Fweb&${at}`, shows: 'web-587c67cbb8' },
  { name: 'object', path: `${web}?${at}`, shows: 'progressDeadlineSeconds' },
  { name: 'diff', path: `${web}?at=2026-11-21T15%3A26%3A19.86Z&tab=diff`, shows: 'web:v3-bad' },
  { name: 'links', path: `${web}?${at}&tab=links`, shows: 'web-587c67cbb8' },
  { name: 'graph', path: `/graph?cluster=demo&namespace=shop&object=deploy%2Fweb&${at}`, shows: 'web' },
  { name: 'search', path: '/search?filter=request.code%20%3E%3D%20400', shows: 'Forbidden' },
  { name: 'coverage', path: '/coverage', shows: 'demo' },
];
