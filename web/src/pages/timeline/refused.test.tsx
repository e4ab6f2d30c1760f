// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import type { Refused } from '../../api/drawn';
import { everything, type View } from '../../url/state';
import { detailWords, refusedIn, refusedView, whatWord, whyWord } from './refused';
import { RefusedLine } from './RefusedLine';

const view: View = { page: 'timeline', set: everything, from: 0, to: 1000, words: {} };
const greedy: Refused = {
  cluster: 'demo', group: 'apps', resource: 'deployments', namespace: 'shop', name: 'greedy', code: 422, reason: 'Invalid', users: ['system:serviceaccount:robots:ci', 'zoe'], more: 1,
  message: `deployments.apps "greedy" is forbidden: ValidatingAdmissionPolicy 'replicas' with binding 'b' denied request: too many`, count: 12, first: 100, last: 500,
};
const pods: Refused = {
  cluster: 'demo', resource: 'pods', namespace: 'shop', code: 403, reason: 'Forbidden', message: 'pods "web-1-x" is forbidden: exceeded quota: few, requested: pods=1', count: 17, first: 200, last: 600,
  users: ['system:serviceaccount:kube-system:replicaset-controller'], owner: { cluster: 'demo', group: 'apps', kind: 'ReplicaSet', resource: 'replicasets', namespace: 'shop', name: 'web-1', uid: 'u' },
};

afterEach(cleanup);

describe('what was refused', () => {
  it('is told with what refused it, how often and who asked', () => {
    expect(whatWord(greedy)).toBe('deploy shop/greedy');
    expect(detailWords(greedy)).toBe('policy replicas, 12 times, robots/ci (sa) and 2 more');
    expect(whatWord(pods)).toBe('po in shop for rs web-1');
    expect(detailWords(pods)).toBe('quota few, 17 times, replicaset-controller');
  });

  it.each([
    [403, 'Forbidden', 'pods is forbidden: User "m" cannot create resource "pods" in API group ""', 'not allowed'],
    [400, 'BadRequest', 'admission webhook "deny.example.com" denied the request: no', 'webhook deny.example.com'],
    [403, 'Forbidden', 'pods "x" is forbidden: unable to create new content in namespace a because it is being terminated', 'its namespace ends'],
    [422, 'Invalid', 'Pod "x" is invalid', 'invalid'],
    [404, undefined, undefined, 'nothing there to make it in'],
    [500, 'InternalError', 'oh', '500 InternalError'],
  ])('says why: %s %s', (code, reason, message, want) => {
    expect(whyWord({ code, ...(reason ? { reason } : {}), ...(message ? { message } : {}) })).toBe(want);
  });

  it('leads to the page of the name, or where that is not known to the search for the requests', () => {
    expect(refusedView(greedy, view)).toMatchObject({ page: 'object', from: 0, to: 1000, object: { cluster: 'demo', kind: 'deployments.apps', namespace: 'shop', name: 'greedy' } });
    const found = refusedView({ ...pods, users: ['eve as bob'] }, view);
    expect(found).toMatchObject({ page: 'search', from: 0, to: 1000, set: { cluster: 'demo' } });
    expect(found.set.filter).toBe('request.verb == "create" && request.code >= 400 && resource == "pods" && group == "" && name == "" && namespace == "shop" && request.user == "bob"');
  });

  it('is that of the window', () => {
    const all = { names: [greedy, pods], total: 2 };
    expect(refusedIn(all, { from: 550, to: 900 })).toEqual([pods]);
    expect(refusedIn(all, { from: 0, to: 200 })).toEqual([greedy]);
    expect(refusedIn(all, undefined)).toHaveLength(2);
    expect(refusedIn(undefined, undefined)).toEqual([]);
    expect(refusedIn({ names: null, total: 0 }, undefined)).toEqual([]);
  });
});

describe('the line above the lanes', () => {
  it('is not there where nothing was refused', () => {
    const { container } = render(<RefusedLine view={view} refusals={{ names: [], total: 0, cut: 'some' }} window={{ from: 600, to: 900 }} />);
    expect(container.textContent).toBe('');
  });

  it('stays where the window has none and other times have', () => {
    const { container } = render(<RefusedLine view={view} refusals={{ names: [greedy], total: 1 }} window={{ from: 600, to: 900 }} />);
    expect(container.textContent).toBe('Asked for and never made:none in this window, 1 at other times');
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('names some, and opens to all with their messages and what is left out', () => {
    const names = [greedy, pods, ...['a', 'b'].map((name) => ({ ...greedy, name }))];
    render(<RefusedLine view={view} refusals={{ names, total: 9, cut: 'showing 4 of 9 refused names' }} window={undefined} />);
    expect(screen.getAllByRole('link').map((link) => link.textContent)).toEqual(['deploy shop/greedy', 'po in shop for rs web-1', 'deploy shop/a']);
    expect(screen.queryByText(/denied request: too many/)).toBeNull();
    const button = screen.getByRole('button', { name: 'all 4' });
    expect(button.getAttribute('aria-expanded')).toBe('false');
    fireEvent.click(button);
    expect(button.getAttribute('aria-expanded')).toBe('true');
    expect(screen.getAllByRole('link')).toHaveLength(4);
    expect(screen.getAllByText(/denied request: too many/)).toHaveLength(3);
    expect(screen.getByText(/showing 4 of 9/)).toBeTruthy();
  });
});
