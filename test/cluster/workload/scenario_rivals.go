// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"fmt"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// playApplyConflict has two managers apply the same fields: refused, forced, given up.
func playApplyConflict(ctx context.Context, p *play) error {
	apply := func(who, manager, body string, force bool) error {
		_, err := p.as(who).AppsV1().Deployments(p.namespace).Patch(ctx, "web", types.ApplyPatchType, []byte(body), metav1.PatchOptions{FieldManager: manager, Force: &force})
		return err
	}
	body := func(replicas int, image string) string {
		return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":%d,"selector":{"matchLabels":{"app":"web"}},`+
			`"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":%q}]}}}}`, replicas, image)
	}
	at(ctx, "first apply creates")
	if err := apply(gitops, "gitops", body(2, image("web", 1)), false); err != nil {
		return err
	}
	p.pause(ctx, time.Second, 3*time.Second)
	steps := []struct {
		name, who, manager, body string
		force                    bool
	}{
		{"the same again", gitops, "gitops", body(2, image("web", 1)), false},
		{"another manager is refused", alice, "alice", body(4, image("web", 1)), false},
		{"another manager forces", alice, "alice", body(4, image("web", 1)), true},
		{"the first is refused now", gitops, "gitops", body(2, image("web", 2)), false},
		{"the first forces", gitops, "gitops", body(2, image("web", 2)), true},
		{"the second gives up its fields", alice, "alice", `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"}}`, false},
	}
	for _, step := range steps {
		at(ctx, step.name)
		if err := ignore(apply(step.who, step.manager, step.body, step.force), apierrors.IsConflict); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		p.pause(ctx, 0, 2*time.Second)
	}
	return nil
}

// playTwoControllers has two operators change one object at the same time, one by patch, one by read and update.
func playTwoControllers(ctx context.Context, p *play) error {
	const name = "contended"
	at(ctx, "create")
	if _, err := p.as(alice).CoreV1().ConfigMaps(p.namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: p.meta(name), Data: map[string]string{"owner": alice}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	rounds := p.between(10, 30)
	at(ctx, "both at once")
	var errs [3]error
	var rivals sync.WaitGroup
	rivals.Go(func() {
		maps := p.as(operatorA).CoreV1().ConfigMaps(p.namespace)
		for n := 0; n < rounds && errs[0] == nil; n++ {
			_, errs[0] = maps.Patch(ctx, name, types.MergePatchType, fmt.Appendf(nil, `{"data":{"a":"%d"}}`, n), metav1.PatchOptions{FieldManager: operatorA})
		}
	})
	for i, robot := range []string{operatorB, ci} {
		rivals.Go(func() {
			maps := p.as(robot).CoreV1().ConfigMaps(p.namespace)
			for n := 0; n < rounds && errs[i+1] == nil; n++ {
				errs[i+1] = edit(ctx, func() (*corev1.ConfigMap, error) { return maps.Get(ctx, name, metav1.GetOptions{}) },
					func(m *corev1.ConfigMap) { m.Data["owner"], m.Data[robot] = robot, fmt.Sprint(n) },
					func(m *corev1.ConfigMap) error {
						_, err := maps.Update(ctx, m, metav1.UpdateOptions{FieldManager: robot})
						return err
					})
			}
		})
	}
	rivals.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// playConflicts collects 409s: stale updates, wrong preconditions, names that are taken.
func playConflicts(ctx context.Context, p *play) error {
	who := p.person()
	maps := who.CoreV1().ConfigMaps(p.namespace)
	at(ctx, "create")
	first, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: p.meta("one")}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	at(ctx, "taken")
	if err := tolerate(apierrors.IsAlreadyExists)(maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: p.meta("one")}, metav1.CreateOptions{})); err != nil {
		return err
	}
	at(ctx, "update")
	second := first.DeepCopy()
	second.Data = map[string]string{"n": "2"}
	if _, err := maps.Update(ctx, second, metav1.UpdateOptions{}); err != nil {
		return err
	}
	at(ctx, "stale update")
	stale := first.DeepCopy()
	stale.Data = map[string]string{"n": "lost"}
	for range p.between(1, 3) {
		if err := tolerate(apierrors.IsConflict)(maps.Update(ctx, stale, metav1.UpdateOptions{})); err != nil {
			return err
		}
	}
	at(ctx, "delete another life")
	wrong := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(types.UID("00000000-0000-0000-0000-000000000000"))}}
	if err := ignore(maps.Delete(ctx, "one", wrong), apierrors.IsConflict); err != nil {
		return err
	}
	at(ctx, "delete a stale state")
	old := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &first.ResourceVersion}}
	if err := ignore(maps.Delete(ctx, "one", old), apierrors.IsConflict); err != nil {
		return err
	}
	at(ctx, "delete")
	return maps.Delete(ctx, "one", metav1.DeleteOptions{})
}

// playDenials collects refusals: no right, no identity, no quota, no such thing, no valid object.
func playDenials(ctx context.Context, p *play) error {
	refused := []func(error) bool{apierrors.IsForbidden, apierrors.IsUnauthorized, apierrors.IsNotFound, apierrors.IsInvalid, apierrors.IsBadRequest, apierrors.IsMethodNotSupported}
	at(ctx, "quota")
	quota := &corev1.ResourceQuota{ObjectMeta: p.meta("small"), Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"count/configmaps": resource.MustParse("2")}}}
	if _, err := p.as(gitops).CoreV1().ResourceQuotas(p.namespace).Create(ctx, quota, metav1.CreateOptions{}); err != nil {
		return err
	}
	pod := &corev1.Pod{ObjectMeta: p.meta("pod"), Spec: template("pod", image("pod", 1)).Spec}
	asMallory, err := p.admin().posing(mallory)
	if err != nil {
		return err
	}
	asBob, err := p.admin().posing(bob)
	if err != nil {
		return err
	}
	may := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: p.namespace, Verb: "delete", Group: "apps", Resource: "deployments"},
	}}
	unnamed := &corev1.Pod{ObjectMeta: p.meta("Not_A_Name"), Spec: pod.Spec}
	attempts := []struct {
		name string
		do   func() error
	}{
		{"read a secret", func() error {
			_, err := p.as(mallory).CoreV1().Secrets(p.namespace).List(ctx, metav1.ListOptions{})
			return err
		}},
		{"delete a namespace", func() error {
			return p.as(mallory).CoreV1().Namespaces().Delete(ctx, "kube-system", metav1.DeleteOptions{})
		}},
		{"create a pod", func() error {
			_, err := p.as(mallory).CoreV1().Pods(p.namespace).Create(ctx, pod, metav1.CreateOptions{})
			return err
		}},
		{"escalate", func() error {
			return p.as(mallory).RbacV1().ClusterRoles().Delete(ctx, "cluster-admin", metav1.DeleteOptions{})
		}},
		{"under another's name", func() error {
			return asMallory.AppsV1().Deployments(p.namespace).Delete(ctx, "web", metav1.DeleteOptions{})
		}},
		{"what another may", func() error {
			_, err := asBob.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, may, metav1.CreateOptions{})
			return err
		}},
		{"no identity", func() error {
			_, err := p.as(nobody).CoreV1().Pods(p.namespace).List(ctx, metav1.ListOptions{})
			return err
		}},
		{"no such object", func() error {
			return p.as(bob).CoreV1().Pods(p.namespace).Delete(ctx, "never-was", metav1.DeleteOptions{})
		}},
		{"invalid object", func() error {
			_, err := p.as(bob).CoreV1().Pods(p.namespace).Create(ctx, unnamed, metav1.CreateOptions{})
			return err
		}},
		{"invalid patch", func() error {
			_, err := p.as(bob).CoreV1().Namespaces().Patch(ctx, p.namespace, types.JSONPatchType, []byte(`{"not":"a list"}`), metav1.PatchOptions{})
			return err
		}},
	}
	p.rng.Shuffle(len(attempts), func(i, j int) { attempts[i], attempts[j] = attempts[j], attempts[i] })
	for n := range len(attempts) + p.between(0, 10) {
		attempt := attempts[n%len(attempts)]
		at(ctx, attempt.name)
		if err := ignore(attempt.do(), refused...); err != nil {
			return fmt.Errorf("%s: %w", attempt.name, err)
		}
	}
	at(ctx, "over quota")
	for n := range 4 {
		_, err := p.as(alice).CoreV1().ConfigMaps(p.namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: p.meta(fmt.Sprintf("m%d", n))}, metav1.CreateOptions{})
		if err := ignore(err, apierrors.IsForbidden); err != nil {
			return err
		}
	}
	return nil
}
