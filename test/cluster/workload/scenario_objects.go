// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// playConfig edits a ConfigMap and a Secret in every way there is, dry runs and edits that change nothing included.
func playConfig(ctx context.Context, p *play) error {
	who := p.person()
	maps, secrets := who.CoreV1().ConfigMaps(p.namespace), who.CoreV1().Secrets(p.namespace)
	at(ctx, "create")
	if _, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: p.meta("settings"), Data: map[string]string{"level": "info", "colour": "blue"}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	password := fmt.Sprintf("pw-%s-%d", p.id, p.rng.Uint64())
	if _, err := secrets.Create(ctx, &corev1.Secret{ObjectMeta: p.meta("login"), StringData: map[string]string{"user": "app", "password": password}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	dry := []string{metav1.DryRunAll}
	edits := []struct {
		name string
		do   func() error
	}{
		{"merge patch", func() error {
			_, err := maps.Patch(ctx, "settings", types.MergePatchType, []byte(`{"data":{"level":"debug","colour":null}}`), metav1.PatchOptions{FieldManager: "kubectl-edit"})
			return err
		}},
		{"patch that changes nothing", func() error {
			_, err := maps.Patch(ctx, "settings", types.MergePatchType, []byte(`{"data":{}}`), metav1.PatchOptions{})
			return err
		}},
		{"dry run", func() error {
			_, err := maps.Patch(ctx, "settings", types.MergePatchType, []byte(`{"data":{"level":"never"}}`), metav1.PatchOptions{DryRun: dry})
			return err
		}},
		{"JSON patch", func() error {
			_, err := maps.Patch(ctx, "settings", types.JSONPatchType, []byte(`[{"op":"add","path":"/data/new","value":"1"}]`), metav1.PatchOptions{})
			return err
		}},
		{"update", func() error {
			return edit(ctx, func() (*corev1.ConfigMap, error) { return maps.Get(ctx, "settings", metav1.GetOptions{}) },
				func(m *corev1.ConfigMap) { m.Data["updated"] = p.id },
				func(m *corev1.ConfigMap) error { _, err := maps.Update(ctx, m, metav1.UpdateOptions{}); return err })
		}},
		{"new password", func() error {
			_, err := secrets.Patch(ctx, "login", types.StrategicMergePatchType, fmt.Appendf(nil, `{"stringData":{"password":"%s-new"}}`, password), metav1.PatchOptions{})
			return err
		}},
		{"make immutable", func() error {
			_, err := maps.Patch(ctx, "settings", types.MergePatchType, []byte(`{"immutable":true}`), metav1.PatchOptions{})
			return err
		}},
		{"edit the immutable", func() error {
			_, err := maps.Patch(ctx, "settings", types.MergePatchType, []byte(`{"data":{"level":"late"}}`), metav1.PatchOptions{})
			return ignore(err, apierrors.IsInvalid)
		}},
		{"delete and make again", func() error {
			if err := maps.Delete(ctx, "settings", metav1.DeleteOptions{}); err != nil {
				return err
			}
			_, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: p.meta("settings"), Data: map[string]string{"life": "second"}}, metav1.CreateOptions{})
			return err
		}},
		{"delete the secret", func() error { return secrets.Delete(ctx, "login", metav1.DeleteOptions{}) }},
	}
	for _, e := range edits {
		at(ctx, e.name)
		if err := e.do(); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		p.pause(ctx, 0, 500*time.Millisecond)
	}
	return nil
}

// playService selects pods, then others, then none: the EndpointSlices follow.
func playService(ctx context.Context, p *play) error {
	who := p.as(alice)
	services := who.CoreV1().Services(p.namespace)
	at(ctx, "create")
	for _, name := range []string{"blue", "green"} {
		if _, err := who.AppsV1().Deployments(p.namespace).Create(ctx, p.deployment(name, 2), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	service := &corev1.Service{ObjectMeta: p.meta("front"), Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": "blue"}, Ports: []corev1.ServicePort{{Name: "http", Port: 80}},
	}}
	if _, err := services.Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	filled := func(ctx context.Context) (bool, error) {
		slices, err := who.DiscoveryV1().EndpointSlices(p.namespace).List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=front"})
		return err == nil && len(slices.Items) > 0 && len(slices.Items[0].Endpoints) > 0, err
	}
	if err := soon(ctx, 20*time.Second, filled); err != nil {
		return err
	}
	for _, patch := range []string{`{"spec":{"selector":{"app":"green"}}}`, `{"spec":{"ports":[{"name":"http","port":8080,"protocol":"TCP"}]}}`, `{"spec":{"selector":{"app":"nothing"}}}`} {
		at(ctx, "change")
		if _, err := services.Patch(ctx, "front", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			return err
		}
		p.pause(ctx, time.Second, 4*time.Second)
	}
	at(ctx, "delete")
	return services.Delete(ctx, "front", metav1.DeleteOptions{})
}

func (p *play) volume(ctx context.Context, name, class string) error {
	_, err := p.as(gitops).CoreV1().PersistentVolumes().Create(ctx, &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"scenario": p.scenario}},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName: class, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/data/" + name}},
		},
	}, metav1.CreateOptions{})
	return err
}

func claimSpec(class string) corev1.PersistentVolumeClaimSpec {
	return corev1.PersistentVolumeClaimSpec{
		StorageClassName: &class, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}
}

// playStorage binds a claim, deletes it while a pod uses it, and frees the volume.
func playStorage(ctx context.Context, p *play) error {
	claims, pods := p.as(alice).CoreV1().PersistentVolumeClaims(p.namespace), p.as(alice).CoreV1().Pods(p.namespace)
	at(ctx, "create")
	if err := p.volume(ctx, p.id, p.id); err != nil {
		return err
	}
	for name, class := range map[string]string{"data": p.id, "lonely": "nothing-provisions-this"} {
		if _, err := claims.Create(ctx, &corev1.PersistentVolumeClaim{ObjectMeta: p.meta(name), Spec: claimSpec(class)}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	pod := template("reader", image("reader", 1))
	pod.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}
	if _, err := pods.Create(ctx, &corev1.Pod{ObjectMeta: p.meta("reader"), Spec: pod.Spec}, metav1.CreateOptions{}); err != nil {
		return err
	}
	running := func(ctx context.Context) (bool, error) {
		pod, err := pods.Get(ctx, "reader", metav1.GetOptions{})
		return err == nil && pod.Status.Phase == corev1.PodRunning, err
	}
	if err := soon(ctx, 20*time.Second, running); err != nil {
		return err
	}
	at(ctx, "delete the claim in use")
	if err := claims.Delete(ctx, "data", metav1.DeleteOptions{}); err != nil {
		return err
	}
	p.pause(ctx, time.Second, 2*time.Second)
	at(ctx, "delete the pod")
	if err := pods.Delete(ctx, "reader", metav1.DeleteOptions{}); err != nil {
		return err
	}
	gone := func(ctx context.Context) (bool, error) {
		_, err := claims.Get(ctx, "data", metav1.GetOptions{})
		return apierrors.IsNotFound(err), ignore(err, apierrors.IsNotFound)
	}
	if err := soon(ctx, 20*time.Second, gone); err != nil {
		return err
	}
	at(ctx, "free the volume")
	if _, err := p.as(gitops).CoreV1().PersistentVolumes().Patch(ctx, p.id, types.MergePatchType, []byte(`{"spec":{"claimRef":null}}`), metav1.PatchOptions{}); err != nil {
		return err
	}
	p.pause(ctx, time.Second, 2*time.Second)
	return p.as(gitops).CoreV1().PersistentVolumes().Delete(ctx, p.id, metav1.DeleteOptions{})
}

// playNamespace deletes a namespace in which something holds on to its finalizer, and lets go of it later.
func playNamespace(ctx context.Context, p *play) error {
	name := p.namespace + "-doomed"
	at(ctx, "create")
	if _, err := p.as(gitops).CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	maps := p.as(operatorA).CoreV1().ConfigMaps(name)
	held := metav1.ObjectMeta{Name: "held", Finalizers: []string{"kubewake.dev/hold"}}
	if _, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: held}, metav1.CreateOptions{}); err != nil {
		return err
	}
	d := p.deployment("web", 2)
	d.Namespace = name
	if _, err := p.as(alice).AppsV1().Deployments(name).Create(ctx, d, metav1.CreateOptions{}); err != nil {
		return err
	}
	p.pause(ctx, 2*time.Second, 5*time.Second)
	at(ctx, "delete")
	if err := p.as(gitops).CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	at(ctx, "create in a terminating namespace")
	_, err := p.as(bob).CoreV1().ConfigMaps(name).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "late"}}, metav1.CreateOptions{})
	if err := ignore(err, apierrors.IsForbidden, apierrors.IsNotFound); err != nil {
		return err
	}
	p.pause(ctx, 5*time.Second, 10*time.Second)
	at(ctx, "let go")
	_, err = maps.Patch(ctx, "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	return soon(ctx, 40*time.Second, func(ctx context.Context) (bool, error) {
		_, err := p.admin().CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		return apierrors.IsNotFound(err), ignore(err, apierrors.IsNotFound)
	})
}

// playRights gives somebody a right, and takes it away.
func playRights(ctx context.Context, p *play) error {
	rights := p.as(gitops).RbacV1()
	maps := p.as(mallory).CoreV1().ConfigMaps(p.namespace)
	create := func(name string) error {
		_, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: p.meta(name)}, metav1.CreateOptions{})
		return err
	}
	at(ctx, "without the right")
	if err := ignore(create("before"), apierrors.IsForbidden); err != nil {
		return err
	}
	at(ctx, "grant")
	role := &rbacv1.Role{ObjectMeta: p.meta("writer"), Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"create"}}}}
	if _, err := rights.Roles(p.namespace).Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return err
	}
	binding := &rbacv1.RoleBinding{ObjectMeta: p.meta("writer"), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "writer"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: mallory}}}
	if _, err := rights.RoleBindings(p.namespace).Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return err
	}
	at(ctx, "with the right")
	if err := soon(ctx, 10*time.Second, func(context.Context) (bool, error) {
		err := create("with")
		return err == nil || apierrors.IsAlreadyExists(err), ignore(err, apierrors.IsForbidden, apierrors.IsAlreadyExists)
	}); err != nil {
		return err
	}
	at(ctx, "beyond one's own rights")
	all := &rbacv1.Role{ObjectMeta: p.meta("all"), Rules: []rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}}}
	if err := tolerate(apierrors.IsForbidden)(p.as(mallory).RbacV1().Roles(p.namespace).Create(ctx, all, metav1.CreateOptions{})); err != nil {
		return err
	}
	at(ctx, "revoke")
	return rights.RoleBindings(p.namespace).Delete(ctx, "writer", metav1.DeleteOptions{GracePeriodSeconds: ptr.To(int64(0))})
}
