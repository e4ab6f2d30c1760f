import type { AnchorHTMLAttributes, MouseEvent, ReactNode } from 'react';
import type { Ref } from '../api/types';
import { kindIcon, kindShort } from '../text/kinds';
import type { View } from '../url/state';
import { goTo, hrefOf } from '../url/useView';
import { Icon } from './Icon';
import './Link.css';
import { nameOf, objectView } from './objectView';

type Anchor = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'>;

/** A link to a view; a plain click goes there without loading the page again. */
export function Link({ to, replace, onClick, children, ...native }: Anchor & { to: View; replace?: boolean; children?: ReactNode }) {
  const clicked = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to, replace ? { replace } : {});
  };
  return (
    <a href={hrefOf(to)} onClick={clicked} {...native}>
      {children}
    </a>
  );
}

/** Kind, namespace and name: icon, "deploy", "shop/web". Bare leaves out the namespace. */
export function RefLabel({ object, bare, cluster }: { object: Ref; bare?: boolean; cluster?: boolean }) {
  const kind = kindShort(object.kind ?? object.resource);
  const { namespace: _namespace, ...plain } = object;
  void _namespace;
  const name = nameOf(plain);
  return (
    <span className="ref-label" title={[object.cluster, object.kind ?? object.resource, nameOf(object)].filter(Boolean).join(' · ')}>
      <Icon name={kindIcon(object.kind ?? object.resource)} size={14} />
      {kind && <span className="ref-label-kind">{kind}</span>}
      <span className="ref-label-name">
        {cluster && object.cluster && <span className="ref-label-dim">{object.cluster} · </span>}
        {!bare && object.namespace && <span className="ref-label-dim">{object.namespace}/</span>}
        {name}
      </span>
    </span>
  );
}

/** A link to an object's page that keeps the window and the cursor; what can not be linked to is only told. */
export function ObjectLink({ object, view, bare, children, ...native }: Anchor & { object: Ref; view?: View; bare?: boolean; children?: ReactNode }) {
  const label = children ?? <RefLabel object={object} {...(bare ? { bare } : {})} />;
  const to = objectView(object, view);
  if (!to) return <span className="object-link-dead">{label}</span>;
  return (
    <Link to={to} {...native} className={native.className ? `object-link ${native.className}` : 'object-link'}>
      {label}
    </Link>
  );
}
