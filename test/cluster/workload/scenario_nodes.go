// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// unreadyLabel makes a fake node of test/cluster report Ready=False.
const unreadyLabel = "testcluster.kubewake.dev/unready"

// guarded makes a deployment of four and a budget that lets one of them go at a time.
func (p *play) guarded(ctx context.Context) error {
	at(ctx, "create")
	if _, err := p.as(alice).AppsV1().Deployments(p.namespace).Create(ctx, p.deployment("web", 4), metav1.CreateOptions{}); err != nil {
		return err
	}
	one := intstr.FromInt32(1)
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: p.meta("web"), Spec: policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &one, Selector: selector("web")}}
	if _, err := p.as(alice).PolicyV1().PodDisruptionBudgets(p.namespace).Create(ctx, budget, metav1.CreateOptions{}); err != nil {
		return err
	}
	return soon(ctx, 30*time.Second, p.rolledOut("web"))
}

func (p *play) evict(ctx context.Context, who *actor, pod string) error {
	return who.PolicyV1().Evictions(p.namespace).Evict(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: p.namespace}})
}

// playEviction evicts all pods at once: the budget refuses most, so they are evicted one after the other.
func playEviction(ctx context.Context, p *play) error {
	if err := p.guarded(ctx); err != nil {
		return err
	}
	who := p.as(bob)
	pods, err := who.CoreV1().Pods(p.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil {
		return err
	}
	at(ctx, "evict all")
	for _, pod := range pods.Items {
		if err := ignore(p.evict(ctx, who, pod.Name), apierrors.IsTooManyRequests, apierrors.IsNotFound); err != nil {
			return err
		}
	}
	at(ctx, "evict patiently")
	for _, pod := range pods.Items[:min(2, len(pods.Items))] {
		err := soon(ctx, 20*time.Second, func(ctx context.Context) (bool, error) {
			err := p.evict(ctx, who, pod.Name)
			return err == nil || apierrors.IsNotFound(err), ignore(err, apierrors.IsTooManyRequests, apierrors.IsNotFound)
		})
		if err != nil {
			return err
		}
	}
	at(ctx, "look")
	table := who.CoreV1().RESTClient().Get().Namespace(p.namespace).Resource("pods").SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	if err := table.Do(ctx).Error(); err != nil {
		return err
	}
	for _, pod := range pods.Items[:min(1, len(pods.Items))] {
		err := soon(ctx, 10*time.Second, func(ctx context.Context) (bool, error) {
			_, err := who.CoreV1().Pods(p.namespace).Get(ctx, pod.Name, metav1.GetOptions{})
			return apierrors.IsNotFound(err), ignore(err, apierrors.IsNotFound)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// node picks one; the caller holds the nodes.
func (p *play) node(ctx context.Context) (string, error) {
	nodes, err := p.admin().CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	if len(nodes.Items) == 0 {
		return "", errors.New("the cluster has no nodes")
	}
	return nodes.Items[p.rng.IntN(len(nodes.Items))].Name, nil
}

func (p *play) patchNode(ctx context.Context, node, patch string) error {
	_, err := p.admin().CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// mendNode tries for a minute, whatever came before, also when the play was cut off: the others need the node.
func (p *play) mendNode(ctx context.Context, node, patch string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return until(ctx, "the node is mended", func(ctx context.Context) (bool, error) {
		err := p.patchNode(ctx, node, patch)
		return err == nil, err
	})
}

// playDrain cordons a node and evicts the play's pods from it, as kubectl drain would.
func playDrain(ctx context.Context, p *play) error {
	if err := p.guarded(ctx); err != nil {
		return err
	}
	release, err := p.holdNodes(ctx)
	if err != nil {
		return err
	}
	defer release()
	node, err := p.node(ctx)
	if err != nil {
		return err
	}
	at(ctx, "cordon")
	if err := p.patchNode(ctx, node, `{"spec":{"unschedulable":true}}`); err != nil {
		return err
	}
	at(ctx, "drain")
	drained := soon(ctx, 30*time.Second, func(ctx context.Context) (bool, error) {
		pods, err := p.admin().CoreV1().Pods(p.namespace).List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
		if err != nil {
			return false, err
		}
		for _, pod := range pods.Items {
			if pod.DeletionTimestamp != nil {
				continue
			}
			if err := ignore(p.evict(ctx, p.admin(), pod.Name), apierrors.IsTooManyRequests, apierrors.IsNotFound); err != nil {
				return false, err
			}
		}
		return len(pods.Items) == 0, nil
	})
	at(ctx, "uncordon")
	return errors.Join(drained, p.mendNode(ctx, node, `{"spec":{"unschedulable":null}}`))
}

// playNotReady lets a node fail until its pods are evicted, and come back.
func playNotReady(ctx context.Context, p *play) error {
	if err := p.guarded(ctx); err != nil {
		return err
	}
	release, err := p.holdNodes(ctx)
	if err != nil {
		return err
	}
	defer release()
	node, err := p.node(ctx)
	if err != nil {
		return err
	}
	ready := func(want corev1.ConditionStatus) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			n, err := p.admin().CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
			if err != nil {
				return false, err
			}
			for _, c := range n.Status.Conditions {
				if c.Type == corev1.NodeReady {
					return c.Status == want, nil
				}
			}
			return false, nil
		}
	}
	at(ctx, "fail")
	failed := p.patchNode(ctx, node, `{"metadata":{"labels":{"`+unreadyLabel+`":"true"}}}`)
	if failed == nil {
		failed = soon(ctx, 20*time.Second, ready(corev1.ConditionFalse))
		p.pause(ctx, 7*time.Second, 12*time.Second) // five of them until the pods leave
	}
	at(ctx, "recover")
	recovered := p.mendNode(ctx, node, `{"metadata":{"labels":{"`+unreadyLabel+`":null}}}`)
	return errors.Join(failed, recovered, soon(ctx, 20*time.Second, ready(corev1.ConditionTrue)))
}
