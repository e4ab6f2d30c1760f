/** Filters to begin with; docs/search.md has more. */
export interface Example {
  title: string;
  filter: string;
}

export const examples: readonly { title: string; examples: readonly Example[] }[] = [
  {
    title: 'Who did it',
    examples: [
      { title: 'What people changed by hand', filter: 'kind == "request" && !request.read && !request.user.startsWith("system:") && request.userAgent.startsWith("kubectl/")' },
      { title: 'Whoever deleted anything', filter: 'kind == "request" && request.verb in ["delete", "deletecollection"]' },
      { title: 'Someone acted as another', filter: 'has(request.impersonator) && !request.read' },
      { title: 'A shell in a Pod', filter: 'request.subresource in ["exec", "attach", "portforward"]' },
    ],
  },
  {
    title: 'What changed',
    examples: [
      { title: 'A Deployment was scaled, however', filter: 'resource == "deployments" && kind == "revision" && object.spec.replicas != oldObject.spec.replicas' },
      {
        title: 'An image changed',
        filter:
          'resource == "deployments" && kind == "revision" && object.spec.template.spec.containers.exists(c, oldObject.spec.template.spec.containers.exists(o, o.name == c.name && o.image != c.image))',
      },
      { title: 'A ConfigMap’s content changed', filter: 'resource == "configmaps" && kind == "revision" && object.data != oldObject.data' },
      { title: 'Held back from being deleted', filter: 'kind == "revision" && has(object.metadata.deletionTimestamp) && size(object.metadata.finalizers) > 0' },
    ],
  },
  {
    title: 'What went wrong',
    examples: [
      { title: 'Warnings', filter: 'event.type == "Warning"' },
      { title: 'Requests that failed', filter: 'request.code >= 400' },
      { title: 'What RBAC refused', filter: 'request.code == 403 && !request.user.startsWith("system:node:")' },
      { title: 'Conflicts and slow writes', filter: '(request.code == 409 || request.latency > duration("1s")) && !request.read' },
      { title: 'Where the recording has holes', filter: 'kind == "gap"' },
    ],
  },
];
