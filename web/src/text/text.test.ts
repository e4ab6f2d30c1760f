import { describe, expect, it } from 'vitest';
import { actorShort, actorSort, agentShort } from './actors';
import { counted, grouped } from './counts';
import { icons } from './icons';
import { kindIcon, kindOfWord, kindShort } from './kinds';
import { codeText, isRead, verbPast, verbTried } from './verbs';

it.each([
  ['system:serviceaccount:robots:ci', 'robots/ci (sa)', 'service account'],
  ['system:serviceaccount:kube-system:deployment-controller', 'deployment-controller', 'service account'],
  ['system:node:worker-1', 'worker-1 (node)', 'node'],
  ['system:kube-scheduler', 'kube-scheduler', 'component'],
  ['bob', 'bob', 'person'],
  ['', 'unknown', 'unknown'],
])('%s is %s, a %s', (user, short, sort) => {
  expect(actorShort(user)).toBe(short);
  expect(actorSort(user)).toBe(sort);
});

it('user agents lose their noise', () => {
  expect(agentShort('kubectl/v1.34.1 (linux/amd64) kubernetes/93248f9')).toBe('kubectl v1.34.1');
  expect(agentShort('curl')).toBe('curl');
  expect(agentShort(undefined)).toBe('');
});

it.each([
  ['patch', '', 'patched', 'tried to patch'],
  ['update', 'scale', 'scaled', 'tried to scale'],
  ['get', 'scale', 'read the scale of', 'tried to read the scale of'],
  ['update', 'status', 'updated the status of', 'tried to update the status of'],
  ['get', 'exec', 'ran a command in', 'tried to run a command in'],
  ['create', 'eviction', 'evicted', 'tried to evict'],
  ['frob', '', 'did frob on', 'tried to frob'],
])('%s of %s', (verb, sub, past, tried) => {
  expect(verbPast(verb, sub)).toBe(past);
  expect(verbTried(verb, sub)).toBe(tried);
});

it('a session is no read', () => {
  expect(isRead('get')).toBe(true);
  expect(isRead('get', 'exec')).toBe(false);
  expect(isRead('patch')).toBe(false);
});

describe('kinds', () => {
  it.each([['deploy', 'deployment'], ['deployments.apps', 'deployment'], ['po', 'pod'], ['Pods', 'pod'], ['ing', 'ingress'], ['ingresses', 'ingress'], ['netpol', 'networkpolicy'], ['networkpolicies', 'networkpolicy'], ['gateways.gateway.networking.k8s.io', 'gateway'], ['endpoints', 'endpoints']])(
    '%s is a %s',
    (word, kind) => expect(kindOfWord(word)).toBe(kind),
  );
  it('that nobody knows keep their name', () => {
    expect(kindOfWord('web')).toBeUndefined();
    expect(kindOfWord('')).toBeUndefined();
    expect(kindShort('Certificate')).toBe('certificate');
    expect(kindShort('deployments.apps')).toBe('deploy');
    expect(kindIcon('deployments.apps')).toBe(kindIcon('Deployment'));
    expect(kindShort(undefined)).toBe('');
    expect(icons[kindIcon('Certificate')]).not.toBe('');
  });
});

it('counts', () => {
  expect(counted(1, 'row')).toBe('1 row');
  expect(counted(12431, 'row')).toBe('12,431 rows');
  expect(counted(2, 'entry', 'entries')).toBe('2 entries');
  expect(grouped(1000000)).toBe('1,000,000');
  expect(codeText(409)).toBe('409 Conflict');
  expect(codeText(418)).toBe('418');
});
