// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// playDeployment is the life of one Deployment: create, scale, roll, bad roll, roll back, pause, restart, delete.
func playDeployment(ctx context.Context, p *play) error {
	const name = "web"
	deployments := func(who string) func(string) error {
		return func(patch string) error { return p.patchDeployment(ctx, p.as(who), name, patch) }
	}
	at(ctx, "create")
	created, err := p.as(alice).AppsV1().Deployments(p.namespace).Create(ctx, p.deployment(name, p.between(2, 4)), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := soon(ctx, 20*time.Second, p.rolledOut(name)); err != nil {
		return err
	}
	at(ctx, "expose")
	service := &corev1.Service{ObjectMeta: p.meta(name), Spec: corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}}}
	if _, err := p.as(alice).CoreV1().Services(p.namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	at(ctx, "scale")
	scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: p.namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: int32(p.between(3, 6))}}
	if _, err := p.as(bob).AppsV1().Deployments(p.namespace).UpdateScale(ctx, name, scale, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err := soon(ctx, 20*time.Second, p.rolledOut(name)); err != nil {
		return err
	}
	bad := "registry.example/web:v3-bad"
	if p.chance(30) {
		bad = "registry.example/web:v3-crash"
	}
	steps := []struct {
		name, who, patch string
		wait             time.Duration
	}{
		{"roll", ci, imagePatch(image(name, 2)), 30 * time.Second},
		{"bad roll", ci, imagePatch(bad), time.Duration(p.between(4, 8)) * time.Second},
		{"roll back", alice, imagePatch(image(name, 2)), 30 * time.Second},
		{"pause", alice, `{"spec":{"paused":true}}`, time.Second},
		{"edit while paused", alice, `{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"MODE","value":"debug"}]}]}}}}`, time.Second},
		{"resume", alice, `{"spec":{"paused":null}}`, 30 * time.Second},
		{"restart", bob, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"NOW"}}}}}`, 30 * time.Second},
	}
	for _, step := range steps {
		at(ctx, step.name)
		if err := deployments(step.who)(strings.Replace(step.patch, "NOW", time.Now().UTC().Format(time.RFC3339), 1)); err != nil {
			return err
		}
		if err := soon(ctx, step.wait, p.rolledOut(name)); err != nil {
			return err
		}
		if step.name == "bad roll" {
			at(ctx, "delete without the right")
			if err := ignore(p.as(mallory).AppsV1().Deployments(p.namespace).Delete(ctx, name, metav1.DeleteOptions{}), apierrors.IsForbidden); err != nil {
				return err
			}
		}
	}
	at(ctx, "delete")
	propagation := metav1.DeletePropagationBackground
	if p.chance(50) {
		propagation = metav1.DeletePropagationForeground
	}
	return p.as(bob).AppsV1().Deployments(p.namespace).Delete(ctx, name, metav1.DeleteOptions{
		PropagationPolicy: &propagation, Preconditions: &metav1.Preconditions{UID: &created.UID},
	})
}

func imagePatch(image string) string {
	return fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"main","image":%q}]}}}}`, image)
}

func playStatefulSet(ctx context.Context, p *play) error {
	const name = "db"
	sets := p.as(alice).AppsV1().StatefulSets(p.namespace)
	at(ctx, "volumes")
	for n := range 2 {
		if err := p.volume(ctx, fmt.Sprintf("%s-%d", p.id, n), p.id); err != nil {
			return err
		}
	}
	at(ctx, "create")
	set := &appsv1.StatefulSet{
		ObjectMeta: p.meta(name),
		Spec: appsv1.StatefulSetSpec{
			Replicas: ptr.To(int32(2)), Selector: selector(name), ServiceName: name, Template: template(name, image(name, 1)),
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: claimSpec(p.id)}},
		},
	}
	service := &corev1.Service{ObjectMeta: p.meta(name), Spec: corev1.ServiceSpec{
		ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 5432}},
	}}
	if _, err := p.as(alice).CoreV1().Services(p.namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err := sets.Create(ctx, set, metav1.CreateOptions{}); err != nil {
		return err
	}
	ready := func(want int32) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			s, err := sets.Get(ctx, name, metav1.GetOptions{})
			return err == nil && s.Status.ReadyReplicas == want && s.Status.UpdatedReplicas == want && s.Status.ObservedGeneration >= s.Generation, err
		}
	}
	if err := soon(ctx, 30*time.Second, ready(2)); err != nil {
		return err
	}
	at(ctx, "scale beyond the volumes")
	patch := func(patch string) error {
		_, err := sets.Patch(ctx, name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
		return err
	}
	if err := patch(`{"spec":{"replicas":3}}`); err != nil {
		return err
	}
	p.pause(ctx, 2*time.Second, 4*time.Second)
	at(ctx, "scale back")
	if err := patch(`{"spec":{"replicas":2}}`); err != nil {
		return err
	}
	at(ctx, "roll")
	if err := patch(imagePatch(image(name, 2))); err != nil {
		return err
	}
	if err := soon(ctx, 30*time.Second, ready(2)); err != nil {
		return err
	}
	at(ctx, "delete")
	if err := sets.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return p.as(alice).CoreV1().PersistentVolumeClaims(p.namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
}

func playDaemonSet(ctx context.Context, p *play) error {
	const name = "agent"
	sets := p.as(gitops).AppsV1().DaemonSets(p.namespace)
	at(ctx, "create")
	set := &appsv1.DaemonSet{ObjectMeta: p.meta(name), Spec: appsv1.DaemonSetSpec{Selector: selector(name), Template: template(name, image(name, 1))}}
	if _, err := sets.Create(ctx, set, metav1.CreateOptions{}); err != nil {
		return err
	}
	settled := func(ctx context.Context) (bool, error) {
		s, err := sets.Get(ctx, name, metav1.GetOptions{})
		return err == nil && s.Status.ObservedGeneration >= s.Generation && s.Status.UpdatedNumberScheduled == s.Status.DesiredNumberScheduled &&
			s.Status.NumberReady == s.Status.DesiredNumberScheduled, err
	}
	if err := soon(ctx, 30*time.Second, settled); err != nil {
		return err
	}
	at(ctx, "roll")
	if _, err := sets.Patch(ctx, name, types.StrategicMergePatchType, []byte(imagePatch(image(name, 2))), metav1.PatchOptions{}); err != nil {
		return err
	}
	if err := soon(ctx, 40*time.Second, settled); err != nil {
		return err
	}
	at(ctx, "restrict to nowhere")
	if _, err := sets.Patch(ctx, name, types.MergePatchType, []byte(`{"spec":{"template":{"spec":{"nodeSelector":{"disk":"none"}}}}}`), metav1.PatchOptions{}); err != nil {
		return err
	}
	p.pause(ctx, 2*time.Second, 4*time.Second)
	at(ctx, "delete")
	return sets.Delete(ctx, name, metav1.DeleteOptions{})
}

// playAutoscaler: without metrics an autoscaler still keeps to its bounds, and says what it misses.
func playAutoscaler(ctx context.Context, p *play) error {
	const name = "api"
	at(ctx, "create")
	if _, err := p.as(alice).AppsV1().Deployments(p.namespace).Create(ctx, p.deployment(name, 1), metav1.CreateOptions{}); err != nil {
		return err
	}
	scalers := p.as(alice).AutoscalingV2().HorizontalPodAutoscalers(p.namespace)
	_, err := scalers.Create(ctx, &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: p.meta(name),
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
			MinReplicas:    ptr.To(int32(p.between(2, 4))), MaxReplicas: 6,
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
				Name: corev1.ResourceCPU, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: ptr.To(int32(60))},
			}}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	scaled := func(ctx context.Context) (bool, error) {
		d, err := p.as(alice).AppsV1().Deployments(p.namespace).Get(ctx, name, metav1.GetOptions{})
		return err == nil && ptr.Deref(d.Spec.Replicas, 0) > 1, err
	}
	if err := soon(ctx, 30*time.Second, scaled); err != nil {
		return err
	}
	at(ctx, "narrow the bounds")
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"minReplicas": 1, "maxReplicas": 2}})
	if err != nil {
		return err
	}
	if _, err := scalers.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return err
	}
	p.pause(ctx, 5*time.Second, 20*time.Second)
	at(ctx, "delete")
	return scalers.Delete(ctx, name, metav1.DeleteOptions{})
}

// playAdoption takes a pod out of its ReplicaSet by its label, and gives it back: one of two is then too many. The ReplicaSet itself is orphaned, too,
// and adopted by the next Deployment of the same name.
func playAdoption(ctx context.Context, p *play) error {
	const name = "shop"
	at(ctx, "create")
	if _, err := p.as(alice).AppsV1().Deployments(p.namespace).Create(ctx, p.deployment(name, 2), metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := soon(ctx, 20*time.Second, p.rolledOut(name)); err != nil {
		return err
	}
	pods := p.as(bob).CoreV1().Pods(p.namespace)
	list, err := pods.List(ctx, metav1.ListOptions{LabelSelector: "app=" + name})
	if err != nil || len(list.Items) == 0 {
		return err
	}
	pod := list.Items[0].Name
	at(ctx, "orphan")
	if _, err := pods.Patch(ctx, pod, types.MergePatchType, []byte(`{"metadata":{"labels":{"app":"debug"}}}`), metav1.PatchOptions{}); err != nil {
		return err
	}
	p.pause(ctx, 2*time.Second, 5*time.Second)
	at(ctx, "adopt")
	if _, err := pods.Patch(ctx, pod, types.JSONPatchType, []byte(`[{"op":"replace","path":"/metadata/labels/app","value":"shop"}]`), metav1.PatchOptions{}); err != nil {
		return err
	}
	p.pause(ctx, 2*time.Second, 5*time.Second)
	at(ctx, "delete and orphan")
	deployments := p.as(bob).AppsV1().Deployments(p.namespace)
	orphan := metav1.DeletePropagationOrphan
	if err := deployments.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &orphan}); err != nil {
		return err
	}
	if err := soon(ctx, 20*time.Second, func(ctx context.Context) (bool, error) {
		_, err := deployments.Get(ctx, name, metav1.GetOptions{})
		return apierrors.IsNotFound(err), ignore(err, apierrors.IsNotFound)
	}); err != nil {
		return err
	}
	at(ctx, "create again")
	if err := tolerate(apierrors.IsAlreadyExists)(deployments.Create(ctx, p.deployment(name, 2), metav1.CreateOptions{})); err != nil {
		return err
	}
	return soon(ctx, 20*time.Second, p.rolledOut(name))
}
