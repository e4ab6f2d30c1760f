// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// play is one performance of a scenario. It belongs to one worker; scenarios that branch out use fork.
type play struct {
	*driver
	rng       *rand.Rand
	scenario  string
	id        string // unique in a run
	namespace string
}

func (p *play) as(user string) *actor { return p.cast.actors[user] }
func (p *play) admin() *actor         { return p.cast.actors[admin] }

// person is one of those who may work in every namespace.
func (p *play) person() *actor {
	return p.as([]string{alice, bob, ci, gitops}[p.rng.IntN(4)])
}

// chance is true in n of 100 cases.
func (p *play) chance(n int) bool { return p.rng.IntN(100) < n }

func (p *play) between(low, high int) int { return low + p.rng.IntN(high-low+1) }

// open makes the play's namespace and waits until pods could be made in it.
func (p *play) open(ctx context.Context) error {
	at(ctx, "open")
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: p.namespace, Labels: map[string]string{"scenario": p.scenario}}}
	if _, err := p.as(gitops).CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return err
	}
	return until(ctx, "the service account exists", func(ctx context.Context) (bool, error) {
		_, err := p.admin().CoreV1().ServiceAccounts(p.namespace).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, ignore(err, apierrors.IsNotFound)
	})
}

// pause is what people and robots do between two steps.
func (p *play) pause(ctx context.Context, low, high time.Duration) {
	wait := low + time.Duration(p.rng.Int64N(int64(high-low)+1))
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
}

// holdNodes makes sure that one play at a time takes nodes away from the others.
func (p *play) holdNodes(ctx context.Context) (release func(), err error) {
	select {
	case p.nodes <- struct{}{}:
		return func() { <-p.nodes }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// until asks every half second. An apiserver that restarts is no reason to end a play, not even when it forbids everything
// because it has not read its roles yet; a refusal that stays is.
func until(ctx context.Context, what string, ask func(context.Context) (bool, error)) error {
	const patience = 10
	for refusals := 0; ; {
		ok, err := ask(ctx)
		if ok && err == nil {
			return nil
		}
		var refusal apierrors.APIStatus
		if errors.As(err, &refusal) && !apierrors.IsTooManyRequests(err) && !apierrors.IsServerTimeout(err) && !apierrors.IsServiceUnavailable(err) && !apierrors.IsInternalError(err) {
			refusals++
		}
		if refusals > patience {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, errors.Join(ctx.Err(), err))
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// soon is until with a bound of its own; not getting there in time is no error, as with a person who looks and goes on.
func soon(ctx context.Context, bound time.Duration, ask func(context.Context) (bool, error)) error {
	short, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	err := until(short, "soon", ask)
	if short.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

func (p *play) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: p.namespace, Labels: map[string]string{"app": name}}
}

func selector(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

// template is a pod of one container. Pods leave failing nodes after seconds, where the default would be five minutes.
func template(name, image string) corev1.PodTemplateSpec {
	leave := func(key string) corev1.Toleration {
		return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To(int64(5))}
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: ptr.To(int64(5)),
			Tolerations:                   []corev1.Toleration{leave(corev1.TaintNodeNotReady), leave(corev1.TaintNodeUnreachable)},
			Containers: []corev1.Container{{
				Name: "main", Image: image,
				Env: []corev1.EnvVar{{Name: "MODE", Value: "production"}},
			}},
		},
	}
}

func image(name string, version int) string {
	return fmt.Sprintf("registry.example/%s:v%d", name, version)
}

func (p *play) deployment(name string, replicas int) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: p.meta(name),
		Spec:       appsv1.DeploymentSpec{Replicas: ptr.To(int32(replicas)), Selector: selector(name), Template: template(name, image(name, 1))},
	}
}

// rolledOut is true when all replicas of a deployment are new and available.
func (p *play) rolledOut(name string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		d, err := p.as(alice).AppsV1().Deployments(p.namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		want := ptr.Deref(d.Spec.Replicas, 1)
		s := d.Status
		return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == want && s.AvailableReplicas == want && s.Replicas == want, nil
	}
}

func (p *play) patchDeployment(ctx context.Context, who *actor, name, patch string) error {
	_, err := who.AppsV1().Deployments(p.namespace).Patch(ctx, name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// edit reads, changes and updates until no one else has been faster, as controllers do.
func edit[T any](ctx context.Context, get func() (T, error), change func(T), update func(T) error) error {
	for {
		object, err := get()
		if err != nil {
			return err
		}
		change(object)
		if err := update(object); !apierrors.IsConflict(err) || ctx.Err() != nil {
			return err
		}
	}
}
